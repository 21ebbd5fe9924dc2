"""What goes wrong in a config."""

from __future__ import annotations


class ConfigError(ValueError):
    """A config can't be read, merged or changed as asked; the text says where."""


class ConfigNotFoundError(ConfigError, FileNotFoundError):
    """There is no such config file."""

    def __str__(self) -> str:
        """Return the text, which `OSError` would take for an error number."""
        return str(self.args[0]) if self.args else ""
