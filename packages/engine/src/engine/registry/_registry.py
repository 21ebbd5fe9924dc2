"""The registry: a node of a tree that maps names to classes and functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from ._build import build_from_cfg
from ._discovery import import_location
from ._errors import DuplicateNameError
from ._lookup import Lookup, find_scope
from ._scope import ScopeSwitch, canonical_scope, scope_in_force
from ._site import Site, call_site, calling_module, calling_package

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])
D = TypeVar("D")

_MISSING: Any = object()
_PACKAGES: set[str] = set()
_SCOPES: set[str] = set()


def packages_of_scopes() -> frozenset[str]:
    """Return the top-level packages in which registries were made."""
    return frozenset(_PACKAGES)


class Registry(Generic[T]):
    """A mapping of names to classes or functions, one node in a tree of such.

    A name that a node lacks is looked up in its parents; `scope.Name` reaches any node of the
    tree, siblings included. The library of a scope is imported when it is first asked for.

    Args:
        name: What the registry holds, say `'model'`; the nodes of a tree share it.
        build_func: What `build` calls, with the registry as keyword `registry`. None means that
            of the parent, or `build_from_cfg` at the root.
        parent: The node above.
        scope: The library to which the node belongs; None infers it from the calling package.
        locations: Modules whose import registers; they are imported when a name is missing.

    Raises:
        ValueError: If another module has made a child of that scope already. The same module may:
            a notebook cell that is run again, or a reload, starts its registry anew.
    """

    def __init__(
        self,
        name: str,
        build_func: Callable[..., Any] | None = None,
        parent: Registry[Any] | None = None,
        scope: str | None = None,
        locations: Sequence[str] = (),
    ) -> None:
        self._name = name
        self._scope = self.infer_scope() if scope is None else canonical_scope(scope)
        self._module_dict: dict[str, Callable[..., T]] = {}
        self._sites: dict[str, Site] = {}
        self._children: dict[str, Registry[Any]] = {}
        self._pending = list(locations)
        self._cache: dict[str, Callable[..., T]] = {}
        self._made_at, self._made_in = call_site(), calling_module()
        self.parent = parent
        self.build_func: Callable[..., Any] = build_func or (
            parent.build_func if parent is not None else build_from_cfg
        )
        self._warm: list[Registry[Any]] = [] if parent is None else parent._warm
        if parent is not None:
            parent._adopt(self)
        _SCOPES.add(self._scope)
        _PACKAGES.add(calling_package())

    @staticmethod
    def infer_scope() -> str:
        """Return the name of the top-level package that calls."""
        return calling_package()

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
    def module_dict(self) -> Mapping[str, Callable[..., T]]:
        """What was registered in this node so far, by name; the view can't be changed."""
        return MappingProxyType(self._module_dict)

    @property
    def children(self) -> Mapping[str, Registry[Any]]:
        """The nodes below, by scope."""
        return MappingProxyType(self._children)

    @property
    def root(self) -> Registry[Any]:
        """The topmost node of the tree."""
        node: Registry[Any] = self
        while node.parent is not None:
            node = node.parent
        return node

    def child(self, scope: str, *locations: str) -> Registry[T]:
        """Make the node of a library below this one.

        Args:
            scope: The scope of the library.
            *locations: Modules whose import registers.
        """
        return Registry(self._name, parent=self, scope=scope, locations=locations)

    def __len__(self) -> int:
        """Return how many names this node itself has."""
        return len(self._module_dict)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that this node itself has."""
        return iter(self._module_dict)

    def __contains__(self, key: object) -> bool:
        """Return whether `get(key)` finds something."""
        if not isinstance(key, str):
            return False
        return key in self._cache or self.get(key, None) is not None

    def __bool__(self) -> bool:
        """Return true: an empty registry is a registry."""
        return True

    def __repr__(self) -> str:
        """Return a table of the names and what they stand for."""
        from rich.console import Console  # deferred: only who prints a registry pays for it
        from rich.table import Table

        table = Table("Names", "Objects", title=f"Registry of {self._name}")
        for name, module in sorted(self._module_dict.items()):
            table.add_row(name, str(module))
        console = Console(width=100)
        with console.capture() as capture:
            console.print(table, end="")
        return capture.get()

    def import_from_location(self) -> None:
        """Import the locations that were not imported yet.

        Raises:
            ScopeImportError: If an import fails; the failure is the cause.
        """
        while self._pending:
            location = self._pending[0]
            import_location(location)
            if self._pending and self._pending[0] == location:
                del self._pending[0]

    @overload
    def get(self, key: str) -> Callable[..., T]: ...
    @overload
    def get(self, key: str, default: D) -> Callable[..., T] | D: ...
    def get(self, key: str, default: Any = _MISSING) -> Any:
        """Return what `key` stands for.

        Args:
            key: A name, `scope.Name`, or the dotted path of a class in a registered package.
            default: What to return instead of raising.

        Raises:
            NotRegisteredError: If there is no such name; also if the library of its scope is not
                installed (`ScopeNotInstalledError`) or can't be imported (`ScopeImportError`).
        """
        try:
            return self._cache[key]
        except KeyError:
            pass
        except TypeError:
            raise TypeError(f"a registry is asked for a name, a string; got {key!r}") from None
        lookup = Lookup(key, self).run()
        if lookup.found is None:
            if default is _MISSING:
                raise lookup.error()
            return default
        if not self._cache:
            self._warm.append(self)
        self._cache[key] = lookup.found
        return lookup.found

    def own(self, name: str) -> Callable[..., T] | None:
        """Return what this node itself has under `name`, its locations included, or None."""
        if name not in self._module_dict and self._pending:
            self.import_from_location()
        return self._module_dict.get(name)

    def build(self, cfg: Any, *args: Any, **kwargs: Any) -> T:
        """Build what a config describes.

        Args:
            cfg: A mapping with `type` (a name, a class or a function) and its keyword arguments;
                `_scope_` starts this build and all inside it in another scope.
            *args: Passed on to `build_func`.
            **kwargs: Passed on to `build_func`.

        Raises:
            NotRegisteredError: If `type` is not registered.
            BuildError: If the config lacks `type` or does not fit the signature.
        """
        return cast("T", self.build_func(cfg, *args, **kwargs, registry=self))

    @contextmanager
    def switch_scope_and_registry(self, scope: str | None) -> Iterator[Registry[Any]]:
        """Start the builds within a `with` block in another scope, and give its registry.

        Args:
            scope: The scope; None means the default scope, or this node where there is none.
        """
        node = self.start_of_build(scope)
        with ScopeSwitch(scope, everywhere=True):
            yield node

    def start_of_build(self, scope: str | None = None) -> Registry[Any]:
        """Return the node in which a build asked of this one starts.

        Args:
            scope: What `_scope_` in the config says, if it does.

        Raises:
            NotRegisteredError: If the tree has no node of the scope.
        """
        wanted = scope if scope is not None else scope_in_force(at_root=self.parent is None)
        if wanted is None or wanted == self._scope:
            return self
        try:
            return find_scope(self, wanted)
        except LookupError:
            # A tree without any scope but its own has nothing that a default scope could choose.
            if scope is None and not self._children and wanted in _SCOPES:
                return self
            raise

    @overload
    def register_module(
        self, name: str | Sequence[str] | None = None, force: bool = False, module: None = None
    ) -> Callable[[C], C]: ...
    @overload
    def register_module(
        self, name: str | Sequence[str] | None = None, force: bool = False, *, module: C
    ) -> C: ...
    def register_module(
        self,
        name: str | Sequence[str] | None = None,
        force: bool = False,
        module: C | None = None,
    ) -> C | Callable[[C], C]:
        """Register a class or a function, as a decorator or by a call.

        Args:
            name: The name or names; None means that of the module.
            force: Whether to replace what has the name now.
            module: What to register; None returns a decorator.

        Raises:
            DuplicateNameError: If the name is taken and `force` is false.
            TypeError: If `module` is neither a class nor a function, or `name` is no string.
        """
        if not isinstance(force, bool):
            raise TypeError(f"force is true or false; got {force!r}")
        names = [name] if isinstance(name, str) else name
        if names is not None and not all(isinstance(each, str) for each in names):
            raise TypeError(f"name is a string or a sequence of strings; got {name!r}")
        if module is not None:
            self._register(module, names, force)
            return module

        def decorate(decorated: C) -> C:
            self._register(decorated, names, force)
            return decorated

        return decorate

    def site_of(self, name: str) -> Site:
        """Return where `name` was registered in this node."""
        return self._sites[name]

    def _register(self, module: Any, names: Sequence[str] | None, force: bool) -> None:
        if not callable(module):
            raise TypeError(f"{self.label} takes classes and functions; got {module!r}")
        site = call_site()
        for name in names or (module.__name__,):
            if name in self._module_dict and not force:
                raise DuplicateNameError(
                    f"{name!r} is registered in {self.label} already, at {self._sites[name]}; "
                    f"{site} registers it again. Choose another name, or pass force=True"
                )
            self._module_dict[name] = module
            self._sites[name] = site
        self._forget()

    def _adopt(self, node: Registry[Any]) -> None:
        other = self._children.get(node.scope)
        if other is not None and other._made_in != node._made_in:
            raise ValueError(
                f"{self.label} has a child of the scope {node.scope!r} already, made at "
                f"{other._made_at}; {node._made_at} makes another"
            )
        self._children[node.scope] = node
        self._forget()

    def _forget(self) -> None:
        """Drop the cached look-ups of the whole tree, after any node of it has changed."""
        while self._warm:
            self._warm.pop()._cache.clear()
