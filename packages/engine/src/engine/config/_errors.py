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

    def __str__(self) -> str:
        """Return the text, which some other bases of the classes below would change."""
        return str(self.args[0]) if self.args else ""


@public
class ConfigNotFoundError(ConfigError, FileNotFoundError):
    """There is no such config file."""


@public
class ConfigTypeError(ConfigError, TypeError):
    """A value of a config can't be merged into one of another kind."""


@public
class ConfigIndexError(ConfigError, KeyError, IndexError):
    """A list in a config has no item of that index."""


@public
class ConfigImportError(ConfigError, ImportError):
    """A module that a config imports by `custom_imports` can't be imported."""
