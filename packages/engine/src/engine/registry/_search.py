"""Search in all registries: names by a pattern, and models with those of sources."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from engine.utils import did_you_mean

from ._discovery import announced_scopes, import_announced
from ._errors import NotRegisteredError, ScopeImportError
from ._registry import Registry
from ._roots import named_roots
from ._source import PackageSource, Source

_WILDCARDS = frozenset("*?[")

Tell = Callable[[str], Any]


@dataclass(frozen=True)
class FoundName:
    """A name in a registry.

    Attributes:
        registry: The name of the root in `engine.registry`.
        scope: The library that registered it, or the prefix of the source that has it.
        name: The name.
        target: The class or function; of a source, the package.
        site: Where it was registered; of a source, the version of the package.
        weights: The names of the pretrained weights that a source has for it.
    """

    registry: str
    scope: str
    name: str
    target: str
    site: str
    weights: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name with its scope, as a config takes it from anywhere."""
        return f"{self.scope}.{self.name}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Listing:
    """What is registered, in the order of the registries.

    Attributes:
        libraries: The scopes of libraries that have names or announce them.
        sources: The prefixes of sources, with the registries that have them.
        names: The names that are registered.
    """

    libraries: list[str]
    sources: dict[str, list[str]]
    names: list[FoundName]


class NameIndex:
    """The names in all registries and sources of this process, libraries that it imports included.

    Args:
        tell: Called with a message for each library and source that can't be imported.
    """

    def __init__(self, tell: Tell = warnings.warn) -> None:
        self.tell = tell
        self._listings: dict[str | None, Listing] = {}

    def names(
        self, pattern: str | None = None, registry: str | None = None, scope: str | None = None
    ) -> list[FoundName]:
        """Return names, as `find_names` does."""
        roots = find_roots(registry)
        listing = self.listing(registry)
        known = [*listing.libraries, *listing.sources]
        if scope is not None and scope not in known:
            raise ValueError(
                f"there is no library {scope!r}{did_you_mean(scope, known)}; there are "
                f"{', '.join(known)}"
            )
        names = listing.names if scope not in listing.sources else self.names_of_source(scope)
        return [
            each
            for each in names
            if each.registry in roots
            and scope in (None, each.scope)
            and (pattern is None or fits(pattern, each))
        ]

    def models(
        self, pattern: str | None = None, source: str | None = None, pretrained: bool = False
    ) -> list[FoundName]:
        """Return models, as `find_models` does."""
        found = self.names(pattern, "MODELS", source)
        for prefix, registries in self.listing("MODELS").sources.items():
            if source is None and "MODELS" in registries:
                found += self._models_of_source(pattern, prefix)
        return [each for each in found if each.weights or not pretrained]

    def _models_of_source(self, pattern: str | None, prefix: str) -> list[FoundName]:
        try:
            return self.names(pattern, "MODELS", prefix)
        except NotRegisteredError as error:
            self.tell(f"{prefix} is left out: {error}")
            return []

    def listing(self, registry: str | None = None) -> Listing:
        """Import all libraries, and return what is registered; the first answer is kept.

        Args:
            registry: The root registry whose names are wanted; None means all.

        Raises:
            ValueError: If there is no such registry.
        """
        if registry not in self._listings:
            self._listings[registry] = self._list(registry)
        return self._listings[registry]

    def _list(self, registry: str | None) -> Listing:
        for library, reason in import_announced().items():
            self.tell(f"{library} is left out: {reason}")
        names = [
            found
            for label, root in find_roots(registry).items()
            for found in _registered(label, root, self.tell)
        ]
        nodes = [(label, node) for label, root in find_roots().items() for node in root.walk_down()]
        libraries = {node.scope for _, node in nodes} | announced_scopes().keys()
        sources: dict[str, list[str]] = {}
        for label, node in nodes:
            for prefix in node.sources:
                sources.setdefault(prefix, []).append(label)
        return Listing(sorted(libraries), sources, names)

    def names_of_source(self, prefix: str) -> list[FoundName]:
        """Import the libraries, of which one may have attached the source, and return its names.

        Args:
            prefix: The prefix of the source.

        Raises:
            NotRegisteredError: If the package is missing, or its import fails.
        """
        import_announced()
        return [
            found
            for label, root in find_roots().items()
            for node in root.walk_down()
            if prefix in node.sources
            for found in _names_of(label, prefix, node.sources[prefix])
        ]


def find_names(
    pattern: str | None = None,
    registry: str | None = None,
    scope: str | None = None,
    tell: Tell = warnings.warn,
) -> list[FoundName]:
    """Return names that are registered, in the order of the registries.

    All installed libraries are imported. Sources are asked only where `scope` names one.

    Args:
        pattern: A part of the name, or with wildcards (`*Net*`) the whole, ignoring case and with
            or without the scope; None means every name.
        registry: The root registry, `MODELS` for example; None means all.
        scope: The library, or the prefix of a source; None means all libraries.
        tell: Called with a message for each library that can't be imported.

    Raises:
        ValueError: If there is no such registry or library.
        NotRegisteredError: If the source can't be asked.
    """
    return NameIndex(tell).names(pattern, registry, scope)


def find_models(
    pattern: str | None = None,
    source: str | None = None,
    pretrained: bool = False,
    tell: Tell = warnings.warn,
) -> list[FoundName]:
    """Return the models that can be built by name: what is registered, then the names of sources.

    Args:
        pattern: As for `find_names`.
        source: Only those of this source or library, such as `'timm'`; None means all.
        pretrained: Whether to leave out those for which no pretrained weights are known.
        tell: Called with a message for each library and source that can't be imported.

    Raises:
        ValueError: If there is no such source or library.
        NotRegisteredError: If the source can't be asked.
    """
    return NameIndex(tell).models(pattern, source, pretrained)


def fits(pattern: str, found: FoundName) -> bool:
    """Return whether a name fits a pattern, as `find_names` says."""
    wanted = pattern.casefold()
    names = (found.name.casefold(), found.full_name.casefold())
    if _WILDCARDS & {*wanted}:
        return any(fnmatchcase(name, wanted) for name in names)
    return wanted in names[1]


def find_roots(wanted: str | None = None) -> dict[str, Registry[Any]]:
    """Return root registries by their names in `engine.registry`.

    Args:
        wanted: The name of one, there or its own; None means all.

    Raises:
        ValueError: If there is no such registry.
    """
    known = dict(sorted(named_roots().items()))
    if wanted is None:
        return known
    for name, root in known.items():
        if wanted in (name, root.name):
            return {name: root}
    raise ValueError(f"there is no root registry {wanted!r}; there are {', '.join(known)}")


def _registered(label: str, root: Registry[Any], tell: Tell) -> Iterator[FoundName]:
    for node in sorted(root.walk_down(), key=lambda each: (each is not each.root, each.scope)):
        try:
            node.import_from_location()
        except ScopeImportError as error:
            tell(f"{node.label} is not complete: {error}")
        for name, module in sorted(node.module_dict.items()):
            target = f"{module.__module__}.{module.__qualname__}"
            yield FoundName(label, node.scope, name, target, str(node.get_call_site(name)))


def _names_of(label: str, prefix: str, source: Source) -> Iterator[FoundName]:
    if not isinstance(source, PackageSource):
        yield from (FoundName(label, prefix, name, "", "") for name in source)
        return
    names, version = source.names(), source.version
    for name in names:
        yield FoundName(label, prefix, name, source.package, version, source.weights(name))
