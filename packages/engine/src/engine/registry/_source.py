"""Sources: other packages whose models, transforms or metrics a registry finds by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any, Protocol

from engine.utils import close_matches

from ._discovery import is_installed
from ._errors import NotRegisteredError, ScopeImportError, ScopeNotInstalledError
from .restrictions import check_options

_MISSING: Any = object()


class Source(Protocol):
    """What a registry asks of a source; a registry is one as well.

    A source with a method `get(name)` is asked for the class or function of a name.
    """

    def build(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Make the object of a name.

        Raises:
            KeyError: If there is no such name.
        """

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is such a name."""


class PackageSource:
    """The names of another package, which is imported when it is first asked.

    Args:
        package: The name by which the package is imported.
        list_names: Returns all names; it is called once.
        find: Returns the class or function of a name.
        install: The requirement to install if the package is missing, as pip takes it.
        is_known: Returns whether there is a name that is not listed, such as one of an older
            release.
        list_weights: Returns the names of the pretrained weights of a name.
        find_original: Returns the class or function of the package that a name stands for, where
            what `find` returns wraps it.
    """

    def __init__(
        self,
        package: str,
        list_names: Callable[[], Iterable[str]],
        find: Callable[[str], Callable[..., Any]],
        install: str,
        is_known: Callable[[str], bool] | None = None,
        list_weights: Callable[[str], Iterable[str]] | None = None,
        find_original: Callable[[str], Callable[..., Any]] | None = None,
    ) -> None:
        self.package = package
        self.install = install
        self._list_names = list_names
        self._find = find
        self._is_known = is_known
        self._list_weights = list_weights
        self._find_original = find_original or find
        self._names: dict[str, None] | None = None

    @property
    def is_installed(self) -> bool:
        """Whether the package is there."""
        return is_installed(self.package)

    @property
    def version(self) -> str:
        """The version of the package."""
        from importlib.metadata import version  # deferred: only an answer to a user needs it

        return version(self.package)

    @property
    def how_to_install(self) -> str:
        """The advice for a user without the package."""
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
            except (Exception, SystemExit) as error:  # whatever a package does at its import
                raise ScopeImportError(
                    f"{self.package} is installed, but its import fails: "
                    f"{type(error).__name__}: {error}"
                ) from error
        return self._names

    def weights(self, name: str) -> tuple[str, ...]:
        """Return the names of the pretrained weights that the package has for a name.

        Args:
            name: One of `names`.
        """
        return () if self._list_weights is None else tuple(self._list_weights(name))

    def original(self, name: str) -> Callable[..., Any]:
        """Return the package's own class or function of a name, which has the docstring.

        Args:
            name: One of `names`.
        """
        return self._find_original(name)

    def get(self, key: str, default: Any = _MISSING, /) -> Any:
        """Return the class or function called `key`, or `default`.

        Raises:
            NotRegisteredError: If there is no such name, or no such package, and no default.
            ScopeImportError: If the import of the package fails, whatever the default.
        """
        if key in self:
            return self._find(key)
        if default is not _MISSING:
            return default
        matches = close_matches(key, self.names())
        hint = f"; did you mean {' or '.join(map(repr, matches))}?" if matches else ""
        raise NotRegisteredError(f"{self.package} {self.version} has no {key!r}{hint}")

    def build(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the class or function called `name`.

        Args:
            name: The name.
            *args: Passed on to the package.
            **kwargs: Passed on to the package.

        Raises:
            UntrustedError: If data sets an option by which the package loads files or code.
        """
        constructor = self.get(name)
        check_options(constructor, kwargs)
        return constructor(*args, **kwargs)

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a name; none is where the package can't be imported."""
        names = self._names_or_none()
        if key in names or self._is_known is None:
            return key in names
        return bool(names) and isinstance(key, str) and self._is_known(key)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names; without the package there are none."""
        return iter(self._names_or_none())

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._names_or_none())

    def __bool__(self) -> bool:
        """Return true, without an import: an empty source is a source."""
        return True

    def _names_or_none(self) -> Collection[str]:
        try:
            return self.names()
        except NotRegisteredError:
            return ()

    def __repr__(self) -> str:
        return f"PackageSource({self.package!r})"


def get_constructor(source: Source, name: str) -> Callable[..., Any]:
    """Return the class or function of a name.

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
    return partial(source.build, name)
