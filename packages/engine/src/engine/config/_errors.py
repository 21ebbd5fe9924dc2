"""Errors of configs."""

from __future__ import annotations

from engine._lazy import public


@public
class ConfigError(ValueError):
    """A config can't be read, merged or changed as asked; the text says where.

    Attributes:
        is_placed: Whether the text begins with the file of the mistake.
    """

    is_placed = False


@public
class ConfigNotFoundError(ConfigError, FileNotFoundError):
    """There is no such config file."""

    def __str__(self) -> str:
        """Return the text, which `OSError` would take for an error number."""
        return str(self.args[0]) if self.args else ""
