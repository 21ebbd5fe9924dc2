"""Formatting of large numbers."""

from __future__ import annotations

_UNITS = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")]


def _format_size(x: float) -> str:
    """Return a number with the largest unit of which it is more than a tenth: `0.765G`, `47.514M`.

    The name has an underscore and is imported all the same by libraries written for MMEngine.

    Args:
        x: The number.
    """
    for unit, letter in _UNITS:
        if x > unit / 10:
            return f"{round(x / unit, 3):g}{letter}"
    return f"{x:g}"
