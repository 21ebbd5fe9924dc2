"""A look-up as data: what was asked, where it was searched, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ._discovery import IMPORTED, announced_scopes
from ._errors import NotRegisteredError
from ._lookup import Lookup
from ._scope import OVERRIDE, InForce, canonical_scope, scope_in_force
from ._source import PackageSource

if TYPE_CHECKING:
    from ._registry import Registry


@dataclass(frozen=True)
class Searched:
    """A node that was searched.

    Attributes:
        node: The node, `scope::name`.
        found: Whether it has the name.
        imports: Its locations, and how the import of each went.
    """

    node: str
    found: bool
    imports: Mapping[str, str]


@dataclass(frozen=True)
class Winner:
    """What a name stands for.

    Attributes:
        node: The node or source that has it; `'path'` for a dotted path.
        target: The dotted name of the class or function.
        site: The file and line of its registration, if it was registered.
        version: The version of the package that it came from, if it came from a source.
    """

    node: str
    target: str
    site: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Explanation:
    """The whole look-up of a name.

    Attributes:
        key: The name.
        asked: The node that was asked, `scope::name`.
        start: The node that was searched first.
        scope: The scope in force, or None.
        scope_source: Where that scope comes from.
        library: The module of the scope that the key names, and how its import went.
        searched: The nodes that were searched, in order.
        found: What the name stands for, or None.
        shadows: The nodes behind the one that has it which have the name as well.
        error: What a user is told, if nothing was found.
    """

    key: str
    asked: str
    start: str
    scope: str | None
    scope_source: str
    library: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[Searched, ...] = ()
    found: Winner | None = None
    shadows: tuple[str, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the story in lines."""
        lines = [f"{self.key}, asked of {self.asked}"]
        lines.append(f"  scope: {self.scope or 'that of the registry'} ({self.scope_source})")
        lines += [f"  library: {name}: {state}" for name, state in self.library.items()]
        for node in self.searched:
            lines.append(f"  searched: {node.node}: {'found' if node.found else 'not there'}")
            lines += [f"    location: {name}: {state}" for name, state in node.imports.items()]
        if self.found is not None:
            place = self.found.site or (self.found.version and f"version {self.found.version}")
            lines.append(f"  found: {self.found.target}{f' ({place})' if place else ''}")
        lines += [f"  shadows: {node}" for node in self.shadows]
        if self.error is not None:
            lines.append(f"  error: {self.error.replace(chr(10), chr(10) + '  ')}")
        return "\n".join(lines)


def explain(registry: Registry[Any], key: str) -> Explanation:
    """Look a name up as a build from `registry` does, and tell all.

    Args:
        registry: The registry that is asked.
        key: The name.
    """
    in_force = scope_in_force()
    lookup = Lookup(key, registry, in_force)
    error = _run(lookup)
    return Explanation(
        key,
        registry.label,
        lookup.searched[0].label if lookup.searched else registry.label,
        None if in_force is None else in_force.scope,
        _scope_source(in_force),
        library=_library(registry, key),
        searched=tuple(
            Searched(node.label, node is lookup.owner, dict(node.imports))
            for node in lookup.searched
        ),
        found=_winner(lookup),
        shadows=_shadows(lookup),
        error=error,
    )


def _run(lookup: Lookup) -> str | None:
    try:
        lookup.run()
    except NotRegisteredError as error:
        return str(error)
    return None if lookup.found is not None else str(lookup.error())


def _scope_source(in_force: InForce | None) -> str:
    if in_force is None:
        return "no default scope is set"
    if OVERRIDE.get() is not None:
        return "an override in this context"
    return "the default scope of the process"


def _library(registry: Registry[Any], key: str) -> dict[str, str]:
    """Return the registry module of the scope that the key names, if a library announces it."""
    scope, _ = registry.split_scope_key(key)
    module = announced_scopes().get(canonical_scope(scope or ""))
    if module is None:
        return {}
    from sys import modules

    return {module: IMPORTED if module in modules else "failed"}


def _winner(lookup: Lookup) -> Winner | None:
    if lookup.found is None:
        return None
    module = getattr(lookup.found, "__module__", "?")
    target = f"{module}.{getattr(lookup.found, '__qualname__', repr(lookup.found))}"
    if lookup.owner is not None:
        name = lookup.key.rpartition(".")[2]
        return Winner(lookup.owner.label, target, str(lookup.owner.site_of(name)))
    if lookup.source is not None:
        source = lookup.source_asked
        version = source.version if isinstance(source, PackageSource) else None
        return Winner(f"source {lookup.source}", target, version=version)
    return Winner("path", target)


def _shadows(lookup: Lookup) -> tuple[str, ...]:
    name = lookup.key.rpartition(".")[2]
    return tuple(
        f"{node.label} ({node.site_of(name)})" for node in lookup.behind if name in node.module_dict
    )
