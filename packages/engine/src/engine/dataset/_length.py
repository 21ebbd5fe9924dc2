"""Length of a loader or dataset, which a stream does not know."""

from __future__ import annotations

from typing import Any


def length_of(data: Any) -> int | None:
    """Return the length of a loader or dataset; None if it has none."""
    try:
        return len(data)
    except TypeError:  # a stream
        return None
