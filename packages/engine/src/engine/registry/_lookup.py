"""The one way to look a name up; `get`, `build`, `in` and the errors all go through it.

The order is the same everywhere:

1. `scope.Name`: the node of that scope, then its parents; the scope of the node asked means that
   node alone. The library of an unknown scope is discovered first.
2. `Name`: the node asked, then its parents up to the root.
3. A dotted path to a class, in the packages of registered scopes only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.utils import near

from ._discovery import announced_scopes, import_scope
from ._errors import NotRegisteredError, ScopeImportError
from ._scope import canonical_scope

if TYPE_CHECKING:
    from ._registry import Registry


@dataclass(slots=True)
class Lookup:
    """One look-up, with all that it did.

    Attributes:
        key: The name asked for.
        start: The node asked.
        searched: The nodes that were searched, in order.
        found: What the name stands for, or None.
        missing: Why there is no node of the scope that the key names, if there is none.
    """

    key: str
    start: Registry[Any]
    searched: list[Registry[Any]] = field(default_factory=list)
    found: Any = None
    missing: NotRegisteredError | None = None

    def run(self) -> Lookup:
        """Search, and return the look-up itself."""
        self._find(self.start, self.key)
        if self.found is None and "." in self.key:
            self.found = _class_at(self.key)
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
            owner = self._owner(node, scope)
            if owner is not None:
                self._find(owner, name)
        else:
            self._search(node, name)

    def _climb(self, node: Registry[Any] | None, name: str) -> None:
        while node is not None and not self._search(node, name):
            node = node.parent

    def _search(self, node: Registry[Any], name: str) -> bool:
        self.searched.append(node)
        self.found = node.own(name)
        return self.found is not None

    def _owner(self, node: Registry[Any], scope: str) -> Registry[Any] | None:
        try:
            return find_scope(node, scope)
        except ScopeImportError:
            raise
        except NotRegisteredError as error:
            self.missing = error
            return None

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
    for top in _ancestry(node):
        for candidate in descendants(top):
            if candidate.scope == scope:
                return candidate
    return None


def _ancestry(node: Registry[Any] | None) -> Iterator[Registry[Any]]:
    while node is not None:
        yield node
        node = node.parent


def descendants(node: Registry[Any]) -> Iterator[Registry[Any]]:
    """Yield `node` and all nodes below it, the nearest first."""
    level = [node]
    while level:
        yield from level
        level = [child for parent in level for child in parent.children.values()]


def _class_at(path: str) -> type | None:
    """Return the class that a dotted path names, if it belongs to a registered scope's package.

    The check is on the class itself: one that a trusted module merely imported is refused.
    """
    from ._registry import packages_of_scopes  # deferred: the registry is made of look-ups

    trusted = packages_of_scopes()
    if path.partition(".")[0] not in trusted:
        return None
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name is not None and (module + ".").startswith(error.name + "."):
            return None
        raise
    if isinstance(found, type) and found.__module__.partition(".")[0] in trusted:
        return found
    return None


def _suggestion(name: str, start: Registry[Any]) -> str:
    """Name the close matches of `name` in the whole tree, libraries not imported yet included."""
    for scope in announced_scopes():
        try:
            find_scope(start, scope)
        except NotRegisteredError:
            continue  # the user asked for something else: that library's trouble is not the answer
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
