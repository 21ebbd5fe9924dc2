"""The one place that says what drawing needs."""

from __future__ import annotations

from importlib.util import find_spec


def require_matplotlib() -> None:
    """Raise an error that says what to install, where matplotlib is missing.

    Raises:
        ImportError: If it is missing.
    """
    if find_spec("matplotlib") is None:
        raise ImportError('drawing needs matplotlib: pip install "engine[vis]"')
