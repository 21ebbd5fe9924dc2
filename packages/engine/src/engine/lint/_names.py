"""List the names that a config of a scope can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.registry import Registry, ScopeImportError

from ._resolve import get_root


@dataclass(frozen=True)
class Entry:
    """A class or function with its names.

    Attributes:
        scope: The scope in which it is registered.
        target: The class or function.
        names: Its names, each in the shortest form.
        longer: The same names with scopes.
    """

    scope: str
    target: Callable[..., Any]
    names: tuple[str, ...]
    longer: tuple[str, ...]


def list_entries(kind: str, scope: str, library: str | None = None) -> list[Entry]:
    """Return what a config can name, sorted by scope and name.

    Args:
        kind: The root registry, by its name in `engine.registry`.
        scope: The default scope of the config.
        library: The scope of the library whose registry is asked, if it is not that of engine.

    Raises:
        ScopeImportError: If the library of the scope can't be imported. Others that fail are left
            out.
    """
    nodes = list(get_root(kind).walk_down())
    seen = _list_searched(kind, scope, library)
    for node in nodes:
        try:
            node.import_from_location()
        except ScopeImportError:
            if node in seen:
                raise
    hidden: set[str] = set()  # by the same name further down
    found: list[Entry] = []
    for node in [*seen, *(node for node in nodes if node not in seen)]:
        below = [each for each in nodes if each is not node and node in each.walk_up()]
        found += _list_node_entries(node, hidden if node in seen else None, below)
        hidden |= {*node.module_dict} if node in seen else set()
    return sorted(found, key=lambda entry: (entry.scope, entry.names))


def list_prefixes(kind: str, scope: str, library: str | None = None) -> list[str]:
    """Return the prefixes of the sources whose names a config can use; as in `list_entries`."""
    searched = _list_searched(kind, scope, library)
    return sorted({prefix for node in searched for prefix in node.sources})


def _list_searched(kind: str, scope: str, library: str | None) -> list[Registry[Any]]:
    """Return the nodes in which a bare name is searched, in order."""
    root = get_root(kind)
    by_scope = {node.scope: node for node in root.walk_down()}
    starts = [by_scope.get(scope, root), by_scope.get(library or "", root)]
    return list(dict.fromkeys(node for start in starts for node in start.walk_up()))


def _list_node_entries(
    node: Registry[Any], hidden: set[str] | None, below: list[Registry[Any]]
) -> Iterator[Entry]:
    """Yield the entries of a node.

    Args:
        node: The node.
        hidden: The names that mean something else in a node that is searched earlier; None if
            this node is not searched.
        below: The nodes below it, whose lookups search it too.
    """
    targets: dict[int, list[str]] = {}
    for name, target in sorted(node.module_dict.items()):
        targets.setdefault(id(target), []).append(name)
    for names in targets.values():
        full = [f"{node.scope}.{name}" for name in names]
        shown = [
            name if hidden is not None and name not in hidden else f"{node.scope}.{name}"
            for name in names
        ]
        longer = {*full} | {
            f"{other.scope}.{name}"
            for other in below
            for name in names
            if name not in other.module_dict
        }
        target = node.module_dict[names[0]]
        yield Entry(node.scope, target, tuple(shown), tuple(sorted(longer - {*shown})))
