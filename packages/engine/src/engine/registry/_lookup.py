"""The one way to look a name up; `get`, `build`, `in`, `explain` and the errors go through it.

The order is the same everywhere, from whatever node is asked:

1. `scope.Name`: the node of that scope and those above it; the scope of the node asked means that
   node alone. The library of the scope is imported first, if it is announced.
2. `Name`: where a scope is in force, the node of that scope and those above it; then the node asked
   and those above it.
3. `prefix.name`: a source that is attached to one of these nodes.
4. A dotted path: of what is registered in the tree, of what a program allows, or, where a Python
   config says it, of anything.

A scope without a node in the tree is an empty node below the root. One that nobody knows is an
error.
"""

from __future__ import annotations

from engine.utils import near

from ._discovery import import_announced, import_scope, library_of
from ._errors import NotRegisteredError, ScopeImportError
from ._scope import canonical_scope
from ._source import constructor_in
from ._trust import HOW_TO_ALLOW, allowed_object, registered_object

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._registry import Registry
    from ._scope import InForce

_scopes: set[str] = {"engine"}


def add_scope(scope: str) -> None:
    """Note that a tree has a node of a scope, which is known from now on."""
    _scopes.add(scope)


class Lookup:
    """One look-up, with all that it did.

    Args:
        key: The name asked for.
        start: The node asked.
        in_force: The scope that is in force, if one is.
        is_code: Whether a Python config names it, whose paths are imported.

    Attributes:
        searched: The nodes that were searched, in order.
        behind: The nodes that would have been searched next, had the name not been found.
        found: What the name stands for, or None.
        owner: The node that has it, if a node has.
        source: The prefix of the source that was asked, if one was.
        source_asked: That source.
        missing: Why there is no node of the scope that the key names, if there is none.
    """

    __slots__ = (
        "behind",
        "found",
        "in_force",
        "is_code",
        "key",
        "missing",
        "owner",
        "searched",
        "source",
        "source_asked",
        "start",
    )

    def __init__(
        self, key: str, start: Registry[Any], in_force: InForce | None, *, is_code: bool = False
    ) -> None:
        self.key = key
        self.start = start
        self.in_force = in_force
        self.is_code = is_code
        self.searched: list[Registry[Any]] = []
        self.behind: list[Registry[Any]] = []
        self.found: Any = None
        self.owner: Registry[Any] | None = None
        self.source: str | None = None
        self.source_asked: Any = None
        self.missing: NotRegisteredError | None = None

    def run(self) -> Lookup:
        """Search, and return the look-up itself.

        Raises:
            NotRegisteredError: If nobody knows the scope in force, an import fails on the way, or
                the package of a source is not installed.
        """
        self._find(self.start, self.key)
        if self.found is None and "." in self.key:
            self._find_path()
        return self

    def error(self) -> NotRegisteredError:
        """Return the error that tells a user why nothing was found."""
        if self.missing is not None:
            return self.missing
        return NotRegisteredError(self._explanation)

    def _find(self, node: Registry[Any], key: str) -> None:
        scope, name = node.split_scope_key(key)
        if scope is None:
            self._search(nodes_searched(node, self.in_force, is_code=self.is_code), key)
        elif "." in name or canonical_scope(scope) != node.scope:
            self._find_scoped(node, scope, name)
        else:
            self._search((node,), name)

    def _find_scoped(self, node: Registry[Any], scope: str, name: str) -> None:
        if (source := self._source_of(node, scope)) is not None:
            self.source, self.source_asked = scope, source
            if name in source:
                self.found = constructor_in(source, name)
            else:
                self._take_reason(source, name)
            return
        try:
            owner = find_scope(node, scope, is_code=self.is_code)
        except ScopeImportError:
            raise
        except NotRegisteredError as error:
            self.missing = error
            return
        owner = owner or node.root
        inner, dot, _ = name.partition(".")
        if not dot:
            self._search(tuple(ancestry(owner)), name)
        elif _in_tree(owner, canonical_scope(inner)) is not None:  # else it is a dotted path
            self._find(owner, name)

    def _source_of(self, node: Registry[Any], prefix: str) -> Any:
        nodes = ancestry(node)
        if self.in_force is not None:
            nodes = iter(nodes_searched(node, self.in_force, is_code=self.is_code))
        return next((each.sources[prefix] for each in nodes if prefix in each.sources), None)

    def _take_reason(self, source: Any, name: str) -> None:
        """Keep what a source says of a name that it does not have."""
        try:
            constructor_in(source, name)
        except NotRegisteredError as error:
            self.missing = error
        except KeyError:
            self.missing = NotRegisteredError(f"the source {self.source!r} has no {name!r}")

    def _search(self, nodes: tuple[Registry[Any], ...], name: str) -> None:
        for count, node in enumerate(nodes, 1):
            self.searched.append(node)
            self.found = node.own(name)
            if self.found is not None:
                self.owner, self.behind = node, [*nodes[count:]]
                return

    def _find_path(self) -> None:
        package = self.key.partition(".")[0]
        tree = list(descendants(self.start.root))
        for node in tree:
            if node.package == package:
                node.import_from_location()
        held = [module for node in tree for module in node.module_dict.values()]
        self.found = registered_object(self.key, held)
        if self.found is None:
            self.found = allowed_object(self.key, is_code=self.is_code)

    def _explanation(self) -> str:
        name = self.key.rpartition(".")[2]
        if not self.searched and "." in self.key:
            return (
                f"{self.key!r} is not registered in {self.start.root.label} or below; in data, a "
                f"dotted path names what is registered there. {HOW_TO_ALLOW.format(self.key)}"
            )
        where = self.searched[0] if self.searched else self.start
        lines = [f"{self.key!r} is not in {where.label}{_suggestion(name, self.start)}"]
        if self.searched:
            lines.append("searched: " + ", ".join(node.label for node in self.searched))
        return "\n  ".join(lines)


def nodes_searched(
    node: Registry[Any], in_force: InForce | None, *, is_code: bool = False
) -> tuple[Registry[Any], ...]:
    """Return the nodes in which a bare name is searched, in order.

    Args:
        node: The node that is asked.
        in_force: The scope that is in force, if one is.
        is_code: Whether code asks, which may name a library that is not announced.

    Raises:
        NotRegisteredError: If nobody knows the scope in force, or its library can't be imported.
    """
    own = tuple(ancestry(node))
    if in_force is None or in_force.scope == node.scope:
        return own
    try:
        first = find_scope(node, in_force.scope, is_code=is_code)
    except ScopeImportError:
        raise
    except NotRegisteredError:
        if not in_force.fallback:
            raise
        return own
    return tuple(dict.fromkeys((*ancestry(first or node.root), *own)))


def find_scope(node: Registry[Any], scope: str, *, is_code: bool = False) -> Registry[Any] | None:
    """Return the node of `scope` in the tree of `node`, the nearest where there are several.

    Args:
        node: A node of the tree.
        scope: The scope, whose library is imported if it is announced.
        is_code: Whether code names the scope, so that the library need not be announced.

    Returns:
        The node; None if the scope is known, and the tree has no node of it.

    Raises:
        NotRegisteredError: If nobody knows the scope; it says whether the library is not installed
            or fails to import.
    """
    scope = canonical_scope(scope)
    found = _in_tree(node, scope)
    if found is None and (scope not in _scopes or library_of(scope, is_code=is_code) is not None):
        import_scope(scope, is_code=is_code)
        found = _in_tree(node, scope)
    return found


def _in_tree(node: Registry[Any], scope: str) -> Registry[Any] | None:
    for top in ancestry(node):
        for candidate in descendants(top):
            if candidate.scope == scope:
                return candidate
    return None


def ancestry(node: Registry[Any] | None) -> Iterator[Registry[Any]]:
    """Yield `node` and all nodes above it, the nearest first."""
    while node is not None:
        yield node
        node = node.parent


def descendants(node: Registry[Any]) -> Iterator[Registry[Any]]:
    """Yield `node` and all nodes below it, the nearest first."""
    level = [node]
    while level:
        yield from level
        level = [child for parent in level for child in parent.children.values()]


def _suggestion(name: str, start: Registry[Any]) -> str:
    """Name the close matches of `name` in the whole tree, libraries not imported yet included."""
    import_announced()  # a library that fails has nothing to offer here
    sites: dict[str, list[str]] = {}
    for node in descendants(start.root):
        try:
            node.import_from_location()
        except ScopeImportError:
            continue
        for known in node.module_dict:
            full = f"{node.scope}.{known}"
            sites.setdefault(known, []).append(f"{full!r} ({node.site_of(known)})")
    matches = [site for match in near(name, sites) for site in sites[match]][:3]
    return f"; did you mean {' or '.join(matches)}?" if matches else ""
