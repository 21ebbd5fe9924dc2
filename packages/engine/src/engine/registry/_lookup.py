"""The one way to look a name up; `get`, `build`, `in`, `explain` and the errors go through it.

The order is the same everywhere:

1. `scope.Name`: the node of that scope, then its parents; the scope of the node asked means that
   node alone. The library of an unknown scope is discovered first.
2. `Name`: the node asked, then its parents up to the root.
3. `prefix.name`: a source that is attached to the node asked or to one above it.
4. A dotted path to a class, in the packages of registered scopes, or to what the program allows.
"""

from __future__ import annotations

from engine.utils import near

from ._discovery import import_announced, import_scope
from ._errors import NotRegisteredError, ScopeImportError
from ._scope import canonical_scope
from ._trust import trusted_object

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._registry import Registry


class Lookup:
    """One look-up, with all that it did.

    Args:
        key: The name asked for.
        start: The node asked.

    Attributes:
        searched: The nodes that were searched, in order.
        found: What the name stands for, or None.
        owner: The node that has it, if a node has.
        source: The prefix of the source that has it, if a source has.
        missing: Why there is no node of the scope that the key names, if there is none.
    """

    __slots__ = ("found", "key", "missing", "owner", "searched", "source", "start")

    def __init__(self, key: str, start: Registry[Any]) -> None:
        self.key = key
        self.start = start
        self.searched: list[Registry[Any]] = []
        self.found: Any = None
        self.owner: Registry[Any] | None = None
        self.source: str | None = None
        self.missing: NotRegisteredError | None = None

    def run(self) -> Lookup:
        """Search, and return the look-up itself.

        Raises:
            NotRegisteredError: If an import fails on the way, or the package of a source is not
                installed.
        """
        self._find(self.start, self.key)
        if self.found is None and "." in self.key:
            self.found = trusted_object(self.key)
        return self

    def error(self) -> NotRegisteredError:
        """Return the error that tells a user why nothing was found."""
        if self.missing is not None:
            return self.missing
        return NotRegisteredError(self._explanation)

    def _find(self, node: Registry[Any], key: str) -> None:
        scope, name = node.split_scope_key(key)
        if scope is None:
            self._climb(node, key)
        elif "." in name or canonical_scope(scope) != node.scope:
            self._find_scoped(node, scope, name)
        else:
            self._search(node, name)

    def _find_scoped(self, node: Registry[Any], scope: str, name: str) -> None:
        source = next(
            (each.sources[scope] for each in ancestry(node) if scope in each.sources), None
        )
        if source is not None:
            self.found = source.get(name, None)
            self.source = scope
            if self.found is None:
                self._take_reason(lambda: source.get(name))
            return
        try:
            owner = find_scope(node, scope)
        except ScopeImportError:
            raise
        except NotRegisteredError as error:
            self.missing = error
            return
        self._find(owner, name)

    def _take_reason(self, ask: Any) -> None:
        """Keep what a source says of a name that it does not have."""
        try:
            ask()
        except NotRegisteredError as error:
            self.missing = error

    def _climb(self, node: Registry[Any] | None, name: str) -> None:
        while node is not None and not self._search(node, name):
            node = node.parent

    def _search(self, node: Registry[Any], name: str) -> bool:
        self.searched.append(node)
        self.found = node.own(name)
        if self.found is None:
            return False
        self.owner = node
        return True

    def _explanation(self) -> str:
        name = self.key.rpartition(".")[2]
        where = self.searched[0] if self.searched else self.start
        lines = [f"{self.key!r} is not in {where.label}{_suggestion(name, self.start)}"]
        if self.searched:
            lines.append("searched: " + ", ".join(node.label for node in self.searched))
        return "\n  ".join(lines)


def find_scope(node: Registry[Any], scope: str) -> Registry[Any]:
    """Return the node of `scope` in the tree of `node`, the nearest where there are several.

    Raises:
        NotRegisteredError: If neither the tree nor a library has the scope; it says whether the
            library is not installed, fails to import, or has no registry in this tree.
    """
    scope = canonical_scope(scope)
    found = _in_tree(node, scope)
    if found is None:
        import_scope(scope)
        found = _in_tree(node, scope)
    if found is None:
        raise NotRegisteredError(
            f"the library of the scope {scope!r} is installed, but has no registry "
            f"below {node.root.label}"
        )
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
