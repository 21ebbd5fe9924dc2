"""Where names come from that were not registered by hand: other packages."""

from __future__ import annotations

from engine.utils import near

from ._discovery import is_installed
from ._errors import NotRegisteredError, ScopeImportError, ScopeNotInstalledError
from .restrictions import check_options

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any

    from ._source_protocol import Source

_MISSING: Any = object()


class PackageSource:
    """What another package has, which is imported when it is first asked.

    Args:
        package: The name by which the package is imported.
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
        return is_installed(self.package)

    @property
    def version(self) -> str:
        """The version of the package, to which its models are due."""
        from importlib.metadata import version  # deferred: only an answer to a user needs it

        return version(self.package)

    @property
    def how_to_install(self) -> str:
        """What a user without the package is told."""
        return f"{self.package} is not installed. Install it: pip install {self.install!r}"

    def names(self) -> Collection[str]:
        """Return all names.

        Raises:
            ScopeNotInstalledError: If the package is missing.
            ScopeImportError: If its import fails, which is the cause.
        """
        if self._names is None:
            if not self.is_installed:
                raise ScopeNotInstalledError(self.how_to_install)
            try:
                self._names = dict.fromkeys(self._list_names())
            except Exception as error:
                raise ScopeImportError(
                    f"{self.package} is installed, but its import fails: "
                    f"{type(error).__name__}: {error}"
                ) from error
        return self._names

    def get(self, key: str, default: Any = _MISSING, /) -> Any:
        """Return what makes the thing called `key`, or `default`.

        Raises:
            NotRegisteredError: If there is no such name, or no such package, and no default.
            ScopeImportError: If the import of the package fails, whatever the default.
        """
        if key in self:
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

        Raises:
            UntrustedError: If data sets an option by which the package loads files or code.
        """
        made = self.get(name)
        check_options(made, kwargs)
        return made(*args, **kwargs)

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a name; without the package there is none."""
        return key in self._there()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names; without the package there are none."""
        return iter(self._there())

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._there())

    def __bool__(self) -> bool:
        """Return true, without an import: an empty source is a source."""
        return True

    def _there(self) -> Collection[str]:
        return () if self._names is None and not self.is_installed else self.names()

    def __repr__(self) -> str:
        return f"PackageSource({self.package!r})"


def constructor_in(source: Source, name: str) -> Callable[..., Any]:
    """Return what makes the thing of a name.

    Args:
        source: The source.
        name: The name.

    Raises:
        KeyError: If the source has no such name.
    """
    get = getattr(source, "get", None)
    if get is not None:
        found: Callable[..., Any] = get(name)
        return found
    if name not in source:
        raise KeyError(name)
    from functools import partial  # deferred, see _registry.py

    return partial(source.build, name)
