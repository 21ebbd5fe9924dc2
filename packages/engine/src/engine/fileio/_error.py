"""Error of a file that holds more than data."""

from __future__ import annotations

from engine._lazy import public


@public
class NotPlainError(ValueError):
    """A pickle that holds more than plain data; the text says what."""
