"""The errors of lookups and builds; their text is part of the interface."""

from __future__ import annotations

from collections.abc import Callable

from engine._lazy import public


@public
class RegistryError(Exception):
    """The base of all errors of the registries.

    Args:
        message: The text, or a function that makes it, called only when the error is read: close
            matches are costly, and most failed lookups are caught.
    """

    def __init__(self, message: str | Callable[[], str] = "") -> None:
        super().__init__(message)
        self._message = message

    def __str__(self) -> str:
        """Return the text."""
        if not isinstance(self._message, str):
            self._message = self._message()
        return self._message

    def __reduce__(self) -> tuple[type[RegistryError], tuple[str]]:
        """Pickle as plain text, so that the error can leave a worker process."""
        return type(self), (str(self),)


@public
class NotRegisteredError(RegistryError, KeyError):
    """No registry that was searched has the name."""


@public
class ScopeNotInstalledError(NotRegisteredError):
    """The name belongs to a library that is not installed."""


@public
class ScopeImportError(NotRegisteredError):
    """The library is installed, but its import fails; the failure is the cause."""


@public
class DuplicateNameError(RegistryError, KeyError, ValueError):
    """A name is registered twice in one registry, or a prefix of sources is taken."""


@public
class BuildError(RegistryError):
    """A config does not describe a call that can be made."""


@public
class UntrustedError(BuildError, ValueError):
    """A config that is data sets an option that only code may set."""


@public
class BuildTypeError(BuildError, TypeError):
    """A `BuildError` which is also a `TypeError`: the arguments don't fit the signature."""


@public
class BuildKeyError(BuildError, KeyError):
    """A `BuildError` which is also a `KeyError`: the config lacks `type`."""
