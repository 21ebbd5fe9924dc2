"""Where names come from that were not registered by hand: other packages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol

from engine.utils import near

from ._errors import NotRegisteredError, ScopeImportError, ScopeNotInstalledError

_MISSING: Any = object()


class Source(Protocol):
    """What a registry asks of a source; a registry is one as well."""

    def get(self, key: str, default: Any = ..., /) -> Any:
        """Return what a name stands for, or `default`.

        Raises:
            NotRegisteredError: If there is no such name and no default.
        """

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is such a name."""


class PackageSource:
    """The models of an installed package, which is imported when it is first asked.

    Args:
        package: The name of the package.
        list_names: Returns all names; it is called once.
        find: Returns what makes the thing of a name.
        install: What to install where the package is missing, as pip calls it.
    """

    def __init__(
        self,
        package: str,
        list_names: Callable[[], Iterable[str]],
        find: Callable[[str], Callable[..., Any]],
        install: str,
    ) -> None:
        self.package = package
        self.install = install
        self._list_names = list_names
        self._find = find
        self._names: dict[str, None] | None = None

    @property
    def is_installed(self) -> bool:
        """Whether the package is there."""
        return find_spec(self.package) is not None

    @property
    def version(self) -> str:
        """The version of the package."""
        return version(self.package)

    def names(self) -> Collection[str]:
        """Return all names.

        Raises:
            ScopeNotInstalledError: If the package is missing.
            ScopeImportError: If its import fails, which is the cause.
        """
        if self._names is None:
            if not self.is_installed:
                raise ScopeNotInstalledError(
                    f"{self.package} is not installed. Install it: pip install {self.install!r}"
                )
            try:
                self._names = dict.fromkeys(self._list_names())
            except ImportError as error:
                raise ScopeImportError(
                    f"{self.package} is installed, but its import fails: {error}"
                ) from error
        return self._names

    def get(self, key: str, default: Any = _MISSING, /) -> Any:
        """Return what makes the thing called `key`, or `default`.

        Raises:
            NotRegisteredError: If there is no such name and no default.
        """
        if key in self.names():
            return self._find(key)
        if default is not _MISSING:
            return default
        matches = near(key, self.names())
        hint = f"; did you mean {' or '.join(map(repr, matches))}?" if matches else ""
        raise NotRegisteredError(f"{self.package} {self.version} has no {key!r}{hint}")

    def build(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Make the thing called `name`.

        Args:
            name: The name.
            *args: Passed on to the package.
            **kwargs: Passed on to the package.
        """
        return self.get(name)(*args, **kwargs)

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a name; without the package there is none."""
        return self.is_installed and key in self.names()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names; without the package there are none."""
        return iter(self.names() if self.is_installed else ())

    def __len__(self) -> int:
        """Return the number of names."""
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"PackageSource({self.package!r})"
