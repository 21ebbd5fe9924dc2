"""Lookup of a name; `get`, `build`, `in`, `explain` and the errors all go through it.

The order is the same from every node:

1. `scope.Name`: the node of that scope and those above it; the scope of the node that is asked
   means that node alone. The library of the scope is imported first, if it is announced.
2. `Name`: if a scope is active, the node of that scope and those above it; then the node that is
   asked and those above it.
3. `prefix.name`: a source that is attached to one of these nodes.
4. A dotted path: of what is registered in the tree, of what a program allows, or, in a Python
   config, of any object.

A known scope without a node in the tree is an empty node below the root. An unknown one is an
error.
"""

from __future__ import annotations

from typing import Any, TypeVar

from engine.utils import close_matches

from ._discovery import find_library, import_announced, import_scope
from ._errors import NotRegisteredError, ScopeImportError
from ._node import RegistryNode
from ._scope import ActiveScope, canonical_scope, is_known_scope
from ._source import get_constructor
from ._trust import HOW_TO_ALLOW, get_allowed_object, get_registered_object

Node = TypeVar("Node", bound=RegistryNode[Any])


class Lookup:
    """One lookup, with all that was searched.

    Args:
        key: The name.
        start: The node that is asked.
        active: The active scope, if there is one.
        is_code: Whether a Python config gives the name, so that a dotted path is imported.

    Attributes:
        searched: The nodes that were searched, in order.
        remaining: The nodes that would have been searched next.
        found: The class or function, or None.
        owner: The node that has it, if a node has.
        prefix: The prefix of the source that was asked, if one was.
        source: That source.
        failure: Why the scope or the source that the key names can't be searched, if it can't.
    """

    __slots__ = (
        "active",
        "failure",
        "found",
        "is_code",
        "key",
        "owner",
        "prefix",
        "remaining",
        "searched",
        "source",
        "start",
    )

    def __init__(
        self,
        key: str,
        start: RegistryNode[Any],
        active: ActiveScope | None,
        *,
        is_code: bool = False,
    ) -> None:
        self.key = key
        self.start = start
        self.active = active
        self.is_code = is_code
        self.searched: list[RegistryNode[Any]] = []
        self.remaining: list[RegistryNode[Any]] = []
        self.found: Any = None
        self.owner: RegistryNode[Any] | None = None
        self.prefix: str | None = None
        self.source: Any = None
        self.failure: NotRegisteredError | None = None

    def run(self) -> Lookup:
        """Search, and return the lookup itself.

        Raises:
            NotRegisteredError: If the active scope is unknown, an import fails on the way, or the
                package of a source is not installed.
        """
        self._find(self.start, self.key)
        if self.found is None and "." in self.key:
            self._find_path()
        return self

    def make_error(self) -> NotRegisteredError:
        """Return the error for a name that was not found."""
        return self.failure or NotRegisteredError(self._format_error)

    def _find(self, node: RegistryNode[Any], key: str) -> None:
        scope, name = node.split_scope_key(key)
        if scope is None:
            self._search(list_search_order(node, self.active, is_code=self.is_code), key)
        elif "." in name or canonical_scope(scope) != node.scope:
            self._find_scoped(node, scope, name)
        else:
            self._search((node,), name)

    def _find_scoped(self, node: RegistryNode[Any], scope: str, name: str) -> None:
        nodes = list_search_order(node, self.active, is_code=self.is_code)
        source = next((each.sources[scope] for each in nodes if scope in each.sources), None)
        if source is not None:
            self._search_source(scope, source, name)
            return
        try:
            owner = find_scope(node, scope, is_code=self.is_code)
        except ScopeImportError:
            raise
        except NotRegisteredError as error:
            self.failure = error
            return
        owner = owner or node.root
        inner, dot, _ = name.partition(".")
        if not dot:
            self._search(tuple(owner.walk_up()), name)
        elif owner._find_nearest(canonical_scope(inner)) is not None:  # else it is a dotted path
            self._find(owner, name)

    def _search_source(self, prefix: str, source: Any, name: str) -> None:
        self.prefix, self.source = prefix, source
        if name in source:
            self.found = get_constructor(source, name)
            return
        try:  # for what the source itself says of the name
            get_constructor(source, name)
        except NotRegisteredError as error:
            self.failure = error
        except KeyError:
            self.failure = NotRegisteredError(f"the source {prefix!r} has no {name!r}")

    def _search(self, nodes: tuple[RegistryNode[Any], ...], name: str) -> None:
        for count, node in enumerate(nodes, 1):
            self.searched.append(node)
            self.found = node.get_own(name)
            if self.found is not None:
                self.owner, self.remaining = node, [*nodes[count:]]
                return

    def _find_path(self) -> None:
        package = self.key.partition(".")[0]
        tree = list(self.start.root.walk_down())
        for node in tree:
            if node.package == package:
                node.import_from_location()
        registered = [module for node in tree for module in node.module_dict.values()]
        self.found = get_registered_object(self.key, registered)
        if self.found is None:
            self.found = get_allowed_object(self.key, is_code=self.is_code)

    def _format_error(self) -> str:
        name = self.key.rpartition(".")[2]
        if not self.searched and "." in self.key:
            return (
                f"{self.key!r} is not registered in {self.start.root.label} or below; in data, a "
                f"dotted path names what is registered there. {HOW_TO_ALLOW.format(self.key)}"
            )
        where = self.searched[0] if self.searched else self.start
        lines = [f"{self.key!r} is not in {where.label}{_suggest(name, self.start)}"]
        if self.searched:
            lines.append("searched: " + ", ".join(node.label for node in self.searched))
        return "\n  ".join(lines)


def list_search_order(node: Node, active: ActiveScope | None, *, is_code: bool) -> tuple[Node, ...]:
    """Return the nodes in which a bare name is searched, in order.

    Args:
        node: The node that is asked.
        active: The active scope, if there is one.
        is_code: Whether code asks, so that the library of the scope need not be announced.

    Raises:
        NotRegisteredError: If the active scope is unknown, or its library can't be imported.
    """
    own = tuple(node.walk_up())
    if active is None or active.scope == node.scope:
        return own
    try:
        first = find_scope(node, active.scope, is_code=is_code)
    except ScopeImportError:
        raise
    except NotRegisteredError:
        if not active.fallback:
            raise
        return own
    order = tuple(dict.fromkeys((*(first or node.root).walk_up(), *own)))
    node._note_order(active, order)
    return order


def find_scope(node: Node, scope: str, *, is_code: bool = False) -> Node | None:
    """Return the node of `scope` in the tree of `node`, the nearest if there are several.

    Args:
        node: A node of the tree.
        scope: The scope; its library is imported if it is announced.
        is_code: Whether code names the scope, so that the library need not be announced.

    Returns:
        The node; None if the scope is known but the tree has no node of it.

    Raises:
        NotRegisteredError: If the scope is unknown; it says whether the library is not installed
            or fails to import.
    """
    scope = canonical_scope(scope)
    found = node._find_nearest(scope)
    if found is None and not (
        is_known_scope(scope) and find_library(scope, is_code=is_code) is None
    ):
        import_scope(scope, is_code=is_code)
        found = node._find_nearest(scope)
    return found


def _suggest(name: str, start: RegistryNode[Any]) -> str:
    """Name the close matches in the whole tree, libraries that are not imported yet included."""
    import_announced()  # a library that fails has nothing to suggest
    sites: dict[str, list[str]] = {}
    for node in start.root.walk_down():
        try:
            node.import_from_location()
        except ScopeImportError:
            continue
        for known in node.module_dict:
            full = f"{node.scope}.{known}"
            sites.setdefault(known, []).append(f"{full!r} ({node.get_call_site(known)})")
    matches = [site for match in close_matches(name, sites) for site in sites[match]][:3]
    return f"; did you mean {' or '.join(matches)}?" if matches else ""
