"""A node of a registry tree: its names, call sites, children, sources and cached lookups."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Self, cast

from ._discovery import IMPORTED, PENDING, import_location
from ._errors import DuplicateNameError, ScopeImportError
from ._registered import CallSite, Registered, find_caller, get_module, place_of, set_new
from ._scope import ActiveScope, add_known_scope, canonical_scope
from ._source import Source
from ._trust import add_package

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar  # that of Python 3.11 has no default

    T = TypeVar("T")


Levels = tuple[tuple[Mapping[str, Any], Sequence[str]], ...]
"""What a node and those above it have, and the locations that each has not imported yet."""


class Tree:
    """What the nodes of one tree share.

    Attributes:
        scopes: The scopes of all nodes.
        orders: Where a node searches bare names while a scope is active, as far as that was asked.
        nearest: The node of a scope that is nearest to a node, as far as that was asked.
        cached_nodes: The nodes that have cached lookups.
    """

    __slots__ = ("cached_nodes", "nearest", "orders", "scopes")

    def __init__(self) -> None:
        self.scopes: set[str] = set()
        self.orders: dict[tuple[RegistryNode[Any], ActiveScope], Levels] = {}
        self.nearest: dict[tuple[RegistryNode[Any], str], RegistryNode[Any]] = {}
        self.cached_nodes: list[RegistryNode[Any]] = []

    def grow(self) -> None:
        """Drop what is known of the places of nodes, and the cached lookups, for a new node."""
        self.orders.clear()
        self.nearest.clear()
        self.clear_caches()

    def clear_caches(self) -> None:
        """Drop the cached lookups of the whole tree, after a change of any node."""
        while self.cached_nodes:
            node = self.cached_nodes.pop()
            node.cache.clear()
            node.absent.clear()


class RegistryNode(Generic[T]):
    """One node of a tree: what `Registry` stores, without lookup and build.

    Args:
        name: What the registry holds; the nodes of a tree share it.
        parent: The node above.
        scope: The library of the node; None infers it from the calling package.
        locations: Modules whose import registers.

    Attributes:
        cache: What former lookups have found, by active scope and key.
        absent: The active scopes and keys for which former lookups have found nothing.
        package: The package that made the node.
        parent: The node above.

    Raises:
        ValueError: If the parent has a child of that scope already.
    """

    parent: Self | None

    def __init__(
        self, name: str, parent: Self | None, scope: str | None, locations: Sequence[str]
    ) -> None:
        frame = find_caller()
        self._made_at, self._made_by = CallSite(place_of(frame)), frame.f_code
        self._made_in = get_module(frame)
        self.package: str = self._made_in.partition(".")[0]
        self._name = name
        self._scope = self.infer_scope() if scope is None else canonical_scope(scope)
        self._children: dict[str, Self] = {}
        self._sources: dict[str, Source] = {}
        self._imports = dict.fromkeys(locations, PENDING)
        self._pending = list(locations)
        self.cache: dict[ActiveScope | None, dict[str, Callable[..., T]]] = {}
        self.absent: set[tuple[ActiveScope | None, str]] = set()
        self.parent = parent
        self._tree: Tree = Tree() if parent is None else parent._tree
        self._module_dict: Registered[T] = Registered(self._tree.clear_caches, lambda: self.label)
        above = () if parent is None else parent._levels
        self._levels: Levels = ((self._module_dict, self._pending), *above)
        if parent is not None:
            parent._add_child(self)
        self._tree.scopes.add(self._scope)
        add_known_scope(self._scope)
        add_package(self.package)

    @staticmethod
    def infer_scope() -> str:
        """Return the name of the top-level package that calls."""
        return get_module(find_caller()).partition(".")[0]

    @staticmethod
    def split_scope_key(key: str) -> tuple[str | None, str]:
        """Split `'scope.Name'` at its first dot; the scope of a bare name is None."""
        scope, dot, name = key.partition(".")
        return (scope, name) if dot else (None, key)

    @property
    def name(self) -> str:
        """What the registry holds."""
        return self._name

    @property
    def scope(self) -> str:
        """The library to which the node belongs."""
        return self._scope

    @property
    def label(self) -> str:
        """The node in an error message: `scope::name`."""
        return f"{self._scope}::{self._name}"

    @property
    def module_dict(self) -> Registered[T]:
        """What is registered in this node so far, by name; lookups follow its changes."""
        return self._module_dict

    @property
    def children(self) -> Mapping[str, Self]:
        """The nodes below, by scope; read-only."""
        return MappingProxyType(self._children)

    @property
    def imports(self) -> Mapping[str, str]:
        """The state of each location: `'imported'`, `'pending'` or the error of its import."""
        return MappingProxyType(self._imports)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are attached to this node, by prefix; read-only."""
        return MappingProxyType(self._sources)

    @property
    def root(self) -> Self:
        """The topmost node of the tree."""
        return [*self.walk_up()][-1]

    def walk_up(self) -> Iterator[Self]:
        """Yield this node and all above it, the nearest first."""
        node: Self | None = self
        while node is not None:
            yield node
            node = node.parent

    def walk_down(self) -> Iterator[Self]:
        """Yield this node and all below it, the nearest first."""
        level = [self]
        while level:
            yield from level
            level = [child for node in level for child in node._children.values()]

    def _find_nearest(self, scope: str) -> Self | None:
        """Return the node of a scope in this tree, the nearest if there are several.

        Args:
            scope: The scope, in its canonical form.
        """
        known = self._tree.nearest
        found: Self | None = cast("Self | None", known.get((self, scope)))
        if found is None:
            nodes = (each for top in self.walk_up() for each in top.walk_down())
            found = next((each for each in nodes if each._scope == scope), None)
            if found is not None:
                known[self, scope] = found
        return found

    def __len__(self) -> int:
        """Return how many names this node itself has, its locations included."""
        self.import_from_location()
        return len(self._module_dict)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that this node itself has, its locations included."""
        self.import_from_location()
        return iter(self._module_dict)

    def __bool__(self) -> bool:
        """Return true: an empty registry is a registry."""
        return True

    def import_from_location(self) -> None:
        """Import the locations that were not imported yet.

        Raises:
            ScopeImportError: If an import fails; the failure is the cause.
        """
        while self._pending:
            self._import(self._pending[0])

    def _import(self, location: str, name: str | None = None) -> None:
        try:
            is_complete = import_location(location, name)
        except ScopeImportError as error:
            self._imports[location] = str(error)
            raise
        if is_complete:
            self._imports[location] = IMPORTED
            if location in self._pending:  # the import may have looked something up
                self._pending.remove(location)

    def attach_source(self, prefix: str, source: Source) -> None:
        """Let `prefix.name` mean a name of a source, in this node and those below.

        Args:
            prefix: The prefix, say `'timm'`.
            source: A registry, or what else has `build(name, ...)`, `in` and iteration.

        Raises:
            DuplicateNameError: If another source or a scope has the prefix.
        """
        if prefix in self._sources or prefix in self._tree.scopes:
            raise DuplicateNameError(f"the prefix {prefix!r} is taken already in {self.label}")
        self._sources[prefix] = source
        self._tree.clear_caches()

    def get_own(self, name: str) -> Callable[..., T] | None:
        """Return what this node itself has under `name`, its locations included, or None.

        No more is imported than the name needs: of a lazy package the module that has it, if the
        package exports it, and no location after one that registers it.
        """
        for location in [*self._pending]:
            if name in self._module_dict:
                break
            self._import(location, name)
        if name not in self._module_dict:
            self.import_from_location()
        return self._module_dict.get(name)

    def get_call_site(self, name: str) -> CallSite:
        """Return where `name` was registered in this node."""
        return CallSite(self._module_dict.places[name])

    def cache_lookup(
        self, active: ActiveScope | None, key: str, found: Callable[..., T] | None
    ) -> None:
        """Cache the result of a lookup until a node of the tree changes; None means nothing."""
        known = self._open_cache(active)
        if found is None:
            self.absent.add((active, key))
        else:
            known[key] = found

    def _open_cache(self, active: ActiveScope | None) -> dict[str, Callable[..., T]]:
        """Return what former lookups in a scope have found, to add to it."""
        known = self.cache.get(active)
        if known is None:
            known = self.cache[active] = {}
            self._tree.cached_nodes.append(self)
        return known

    def _find_imported(self, name: str, active: ActiveScope | None) -> Callable[..., T] | None:
        """Return what a bare name stands for, if that can be told without an import.

        Args:
            name: The name.
            active: The active scope, if there is one.
        """
        levels: Levels | None = self._levels
        if active is not None and active.scope != self._scope:
            levels = self._tree.orders.get((self, active))
        for modules, pending in levels or ():
            if name in modules:
                found: Callable[..., T] = modules[name]
                return found
            if pending:
                break
        return None

    def _note_order(self, active: ActiveScope, nodes: Sequence[RegistryNode[Any]]) -> None:
        """Note the nodes in which a bare name is searched in a scope, until the tree grows."""
        self._tree.orders[self, active] = tuple((n._module_dict, n._pending) for n in nodes)

    def _add(self, module: Any, names: Sequence[str] | None, force: bool) -> None:
        if not callable(module):
            raise TypeError(f"{self.label} can only register classes and functions; got {module!r}")
        frame = sys._getframe(2)  # who calls this is a method of the registry
        place = (frame.f_code, frame.f_lasti, frame.f_globals)  # `place_of`, without the call
        modules, tree = self._module_dict, self._tree
        for name in names or (module.__name__,):
            if "." in name or name in tree.scopes or not name:
                raise ValueError(f"{CallSite(place)}: {self._problem_of(name)}")
            if name in modules:
                modules.replace(name, module, place, force)
            else:
                set_new(modules, name, module)
                modules.places[name] = place
        if tree.cached_nodes:
            tree.clear_caches()

    def _problem_of(self, name: str) -> str:
        if name in self._tree.scopes:
            return f"{name!r} is the name of a scope already"
        return f"a name must not be empty or contain a dot, which follows a scope; got {name!r}"

    def _add_child(self, child: Self) -> None:
        other = self._children.get(child.scope)
        if other is not None and (
            (child._made_in, child._made_at.line) != (other._made_in, other._made_at.line)
            or child._made_by is other._made_by  # else the line was compiled and run again
        ):
            raise ValueError(
                f"{self.label} has a child of the scope {child.scope!r} already, made at "
                f"{other._made_at}; {child._made_at} makes another"
            )
        self._children[child.scope] = child
        self._tree.grow()
