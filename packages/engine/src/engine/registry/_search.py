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
from ._roots import MODELS, named_roots
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
    for library, reason in import_announced().items():
        tell(f"{library} is left out: {reason}")
    roots = find_roots(registry)
    known = known_scopes()
    if scope is not None and scope not in known:
        raise ValueError(
            f"there is no library {scope!r}{did_you_mean(scope, known)}; there are "
            f"{', '.join(known)}"
        )
    return [
        found
        for label, root in roots.items()
        for found in (*_registered(label, root, scope, tell), *_of_sources(label, root, scope))
        if pattern is None or fits(pattern, found)
    ]


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
    found = find_names(pattern, "MODELS", source, tell)
    for prefix in MODELS.sources if source is None else ():
        try:
            found += find_names(pattern, "MODELS", prefix, lambda _: None)
        except NotRegisteredError as error:
            tell(f"{prefix} is left out: {error}")
    return [each for each in found if each.weights or not pretrained]


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


def known_scopes() -> list[str]:
    """Return the libraries that have names or announce them, and the prefixes of sources."""
    import_announced()  # a library may have scopes that it does not announce
    nodes = [node for root in named_roots().values() for node in root.walk_down()]
    scopes = {node.scope for node in nodes} | announced_scopes().keys()
    return [*sorted(scopes), *dict.fromkeys(prefix for node in nodes for prefix in node.sources)]


def _registered(
    label: str, root: Registry[Any], scope: str | None, tell: Tell
) -> Iterator[FoundName]:
    nodes = [node for node in root.walk_down() if scope in (None, node.scope)]
    for node in sorted(nodes, key=lambda each: (each is not each.root, each.scope)):
        try:
            node.import_from_location()
        except ScopeImportError as error:
            tell(f"{node.label} is not complete: {error}")
        for name, module in sorted(node.module_dict.items()):
            target = f"{module.__module__}.{module.__qualname__}"
            yield FoundName(label, node.scope, name, target, str(node.get_call_site(name)))


def _of_sources(label: str, root: Registry[Any], scope: str | None) -> Iterator[FoundName]:
    for node in root.walk_down():
        for prefix, source in node.sources.items():
            if prefix == scope:
                yield from _names_of(label, prefix, source)


def _names_of(label: str, prefix: str, source: Source) -> Iterator[FoundName]:
    if not isinstance(source, PackageSource):
        yield from (FoundName(label, prefix, name, "", "") for name in source)
        return
    names, version = source.names(), source.version
    for name in names:
        yield FoundName(label, prefix, name, source.package, version, source.weights(name))
