"""The steps and the result of a lookup, as data."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from ._discovery import IMPORTED, PENDING, announced_scopes
from ._errors import NotRegisteredError
from ._lookup import Lookup
from ._node import RegistryNode
from ._scope import OVERRIDE, canonical_scope, get_active_scope
from ._source import PackageSource


@dataclass(frozen=True)
class Searched:
    """A node that was searched.

    Attributes:
        node: The node, `scope::name`.
        found: Whether it has the name.
        imports: Its locations, and the state of the import of each.
        refused: The arguments for which it was passed over although it has the name.
    """

    node: str
    found: bool
    imports: Mapping[str, str]
    refused: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """What came of it, in words."""
        if self.refused:
            return f"passed over, it has no argument {' or '.join(map(repr, self.refused))}"
        return "found" if self.found else "not there"


@dataclass(frozen=True)
class Resolution:
    """What a name resolves to.

    Attributes:
        node: The node or source that has it; `'path'` for a dotted path.
        target: The dotted name of the class or function.
        site: The file and line of its registration, if it was registered.
        version: The version of the package that it came from, if it came from a source.
        displaced: What another library has registered under the name in the same node.
    """

    node: str
    target: str
    site: str | None = None
    version: str | None = None
    displaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Every step of the lookup of a name.

    Attributes:
        key: The name.
        asked: The node that was asked, `scope::name`.
        start: The node that was searched first.
        scope: The active scope, or None.
        scope_source: Where that scope comes from.
        library: The module of the scope that the key names, and the state of its import.
        searched: The nodes that were searched, in order.
        found: What the name resolves to, or None.
        shadows: The nodes later in the order that have the name as well.
        error: The message of the error, if nothing was found.
    """

    key: str
    asked: str
    start: str
    scope: str | None
    scope_source: str
    library: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[Searched, ...] = ()
    found: Resolution | None = None
    shadows: tuple[str, ...] = ()
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the steps, one a line."""
        lines = [f"{self.key}, asked of {self.asked}"]
        lines.append(f"  scope: {self.scope or 'that of the registry'} ({self.scope_source})")
        lines += [f"  library: {name}: {state}" for name, state in self.library.items()]
        for node in self.searched:
            lines.append(f"  searched: {node.node}: {node.outcome}")
            lines += [
                f"    location: {name}: {state}"
                for name, state in node.imports.items()
                if state != PENDING  # no more of it was needed
            ]
        if self.found is not None:
            origin = self.found.site or (self.found.version and f"version {self.found.version}")
            lines.append(f"  found: {self.found.target}{f' ({origin})' if origin else ''}")
            lines += [f"    in place of: {each}" for each in self.found.displaced]
        lines += [f"  shadows: {node}" for node in self.shadows]
        if self.error is not None:
            lines.append(f"  error: {self.error.replace(chr(10), chr(10) + '  ')}")
        return "\n".join(lines)


def explain(node: RegistryNode[Any], key: str) -> Explanation:
    """Look a name up as a build does, and return every step.

    Args:
        node: The registry that is asked.
        key: The name.
    """
    active = get_active_scope()
    lookup = Lookup(key, node, active)
    error = None
    try:
        if lookup.run().found is None:
            error = str(lookup.make_error())
    except NotRegisteredError as failure:
        error = str(failure)
    if active is None:
        scope_source = "no default scope is set"
    elif OVERRIDE.get() is not None:
        scope_source = "an override in this context"
    else:
        scope_source = "the default scope of the process"
    return Explanation(
        key,
        node.label,
        lookup.searched[0].label if lookup.searched else node.label,
        None if active is None else active.scope,
        scope_source,
        library=_get_library(node, key),
        searched=tuple(
            Searched(each.label, each is lookup.owner, dict(each.imports))
            for each in lookup.searched
        ),
        found=_make_resolution(lookup),
        shadows=_list_shadows(lookup),
        error=error,
    )


def describe(target: object) -> str:
    """Return the dotted name of a class or function, and what is bound to it."""
    if isinstance(target, partial) and not hasattr(target, "__qualname__"):
        bound = ", ".join(
            [*map(repr, target.args), *(f"{k}={v!r}" for k, v in target.keywords.items())]
        )
        return f"{describe(target.func)}({bound})"
    module = getattr(target, "__module__", "?")
    return f"{module}.{getattr(target, '__qualname__', repr(target))}"


def _get_library(node: RegistryNode[Any], key: str) -> dict[str, str]:
    """Return the registry module of the scope that the key names, if a library announces it."""
    scope, _ = node.split_scope_key(key)
    module = announced_scopes().get(canonical_scope(scope or ""))
    if module is None:
        return {}
    return {module: IMPORTED if module in sys.modules else "failed"}


def _make_resolution(lookup: Lookup) -> Resolution | None:
    if lookup.found is None:
        return None
    target = describe(lookup.found)
    if lookup.owner is not None:
        name = lookup.key.rpartition(".")[2]
        owner = lookup.owner
        displaced = tuple(owner.module_dict.displaced.get(name, ()))
        return Resolution(owner.label, target, str(owner.get_call_site(name)), displaced=displaced)
    if lookup.prefix is not None:
        version = lookup.source.version if isinstance(lookup.source, PackageSource) else None
        return Resolution(f"source {lookup.prefix}", target, version=version)
    return Resolution("path", target)


def _list_shadows(lookup: Lookup) -> tuple[str, ...]:
    name = lookup.key.rpartition(".")[2]
    return tuple(
        f"{node.label} ({node.get_call_site(name)})"
        for node in lookup.remaining
        if name in node.module_dict
    )
