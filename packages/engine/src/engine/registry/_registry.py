"""The registry: names for classes and functions, in a tree that crosses libraries."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._build import build_from_cfg
from ._build_errors import add_location_note, format_location
from ._errors import BuildTypeError, NotRegisteredError, ScopeImportError
from ._lookup import Lookup, find_scope
from ._node import RegistryNode, T
from ._scope import ScopeSwitch, get_active_scope, make_active_scope
from ._trust import trust_of

if TYPE_CHECKING:
    from ._explain import Explanation

C = TypeVar("C", bound=Callable[..., Any])
D = TypeVar("D")
E = TypeVar("E")

_MISSING: Any = object()
_EMPTY: dict[str, Any] = {}


class Registry(RegistryNode[T]):
    """Names for classes or functions; one node in a tree of registries.

    A name is searched in the node of the active scope and those above it, then in the node that is
    asked and those above it; `scope.Name` reaches any node of the tree, siblings included. The
    library of a scope is imported when it is first asked for.

    Args:
        name: What the registry holds, say `'model'`; the nodes of a tree share it.
        build_func: What `build` calls, with the registry as keyword `registry`. None means that
            of the parent, or `build_from_cfg` at the root.
        parent: The node above.
        scope: The library to which the node belongs; None infers it from the calling package.
        locations: Modules whose import registers; they are imported when a name is missing.

    Raises:
        ValueError: If the parent has a child of that scope already. A notebook cell that is run
            again, or a reload, may replace the child that it made.
    """

    def __init__(
        self,
        name: str = "registry",
        build_func: Callable[..., Any] | None = None,
        parent: Registry[Any] | None = None,
        scope: str | None = None,
        locations: Sequence[str] = (),
    ) -> None:
        super().__init__(name, parent, scope, locations)
        self.build_func: Callable[..., Any] = build_func or (
            parent.build_func if parent is not None else build_from_cfg
        )

    def child(self, scope: str, *locations: str) -> Registry[T]:
        """Make the node of a library below this one.

        Args:
            scope: The scope of the library.
            *locations: Modules whose import registers.
        """
        return Registry(self._name, parent=self, scope=scope, locations=locations)

    def of_library(self, owner: object) -> Registry[Any]:
        """Return the node of the library that a class belongs to, or this one if it has none.

        A base class builds its parts from there, so that a subclass in a library finds the parts of
        that library, whatever the active scope is.

        Args:
            owner: The class, or an instance of it.
        """
        kind = owner if isinstance(owner, type) else type(owner)
        package = kind.__module__.partition(".")[0]
        return next((node for node in self.walk_down() if node.package == package), self)

    def __contains__(self, key: object) -> bool:
        """Return whether `get(key)` finds something; what can't be imported is not there."""
        if not isinstance(key, str):
            return False
        active = get_active_scope()
        if key in self.cache.get(active, ()):
            return True
        if (active, key) in self.absent:
            return False
        try:
            return self.get(key, None) is not None
        except NotRegisteredError:
            return False

    def __repr__(self) -> str:
        """Return a table of the names and what they stand for."""
        from rich.console import Console  # deferred: only who prints a registry pays for rich
        from rich.table import Table

        table = Table("Names", "Objects", title=f"Registry of {self._name}")
        for name, module in sorted(self._module_dict.items()):
            table.add_row(name, str(module))
        console = Console(width=100)
        with console.capture() as capture:
            console.print(table, end="")
        return capture.get()

    @overload
    def get(self, key: str) -> Callable[..., T]: ...
    @overload
    def get(self, key: str, default: D) -> Callable[..., T] | D: ...
    def get(self, key: str, default: Any = _MISSING) -> Any:
        """Return what `key` stands for, in the active scope.

        Args:
            key: A name, `scope.Name`, or the dotted path of what is registered or allowed.
            default: What to return instead of raising.

        Raises:
            NotRegisteredError: If there is no such name; also if the library of its scope is not
                installed (`ScopeNotInstalledError`) or can't be imported (`ScopeImportError`).
            TypeError: If `key` is not a str.
        """
        active = get_active_scope()
        known = self.cache.get(active, _EMPTY)
        try:
            if key in known:
                return known[key]
        except TypeError:
            pass  # a key that can't be hashed is no str either
        if not isinstance(key, str):
            raise TypeError(f"registry key must be a str; got {key!r}")
        own = self._module_dict
        found = own[key] if active is None and key in own else self._find_imported(key, active)
        if found is not None:
            if known is _EMPTY:
                known = self._open_cache(active)
            known[key] = found
            return found
        if default is not _MISSING and (active, key) in self.absent:
            return default
        lookup = Lookup(key, self, active).run()
        self.cache_lookup(active, key, lookup.found)
        if lookup.found is None and default is _MISSING:
            raise lookup.make_error()
        return default if lookup.found is None else lookup.found

    def get_from(self, cfg: Mapping[str, Any], key: str = "type") -> Callable[..., T]:
        """Return what the value of a key in a config names.

        In a Python config it may be the dotted path of any object.

        Args:
            cfg: The config.
            key: The key.

        Raises:
            NotRegisteredError: As in `get`.
            TypeError: If the value is not a str.
        """
        name: Any = cfg.get(key)
        try:
            if not isinstance(name, str) or not trust_of(cfg, key):
                return self.get(name)
            lookup = Lookup(name, self, get_active_scope(), is_code=True).run()
            if lookup.found is None:
                raise lookup.make_error()
            found: Callable[..., T] = lookup.found
            return found
        except LookupError as error:
            add_location_note(error, cfg, key)
            raise

    @overload
    def build(self, cfg: Any, *args: Any, expect: type[E], **kwargs: Any) -> E: ...
    @overload
    def build(self, cfg: Any, *args: Any, **kwargs: Any) -> T: ...
    def build(self, cfg: Any, *args: Any, expect: type[Any] | None = None, **kwargs: Any) -> Any:
        """Build what a config describes, or what a name stands for.

        Args:
            cfg: A mapping with `type` (a name, a class or a function) and its keyword arguments;
                `_scope_` makes another scope active for this build and all inside it. Or a name;
                what it stands for is called with the other arguments.
            *args: Passed on to `build_func`, or to what the name stands for.
            expect: The class that the result must be an instance of.
            **kwargs: Passed on as `args` are.

        Raises:
            NotRegisteredError: If the name is not registered.
            BuildError: If the config lacks `type` or does not fit the signature, or the result is
                not an instance of `expect`.
        """
        if isinstance(cfg, str):
            built = self.get(cfg)(*args, **kwargs)
        elif args or kwargs:
            built = self.build_func(cfg, *args, **kwargs, registry=self)
        else:
            built = self.build_func(cfg, registry=self)
        if expect is not None and not isinstance(built, expect):
            raise BuildTypeError(
                f"{format_location(cfg)}expected {expect.__qualname__}; "
                f"this builds {type(built).__qualname__}"
            )
        return built

    def explain(self, key: str) -> Explanation:
        """Return every step of the lookup of `key` by a build: see `Explanation`.

        Args:
            key: The value of `type` in a config.
        """
        from ._explain import explain  # deferred: `dataclasses` is slow to import

        return explain(self, key)

    def switch_scope_and_registry(self, scope: str | None) -> ScopeSwitch:
        """Make another scope the active one within a `with` block.

        `as` binds the node of the scope, or this one if the tree has none. A scope that nobody
        knows is told by a warning, and skipped in lookups.

        Args:
            scope: The scope; None means the default scope, if there is one.

        Raises:
            ScopeImportError: If the library of the scope can't be imported.
        """
        active = get_active_scope() if scope is None else make_active_scope(scope)
        if active is None:
            return ScopeSwitch(None, self)
        node: Registry[Any] | None = None
        try:
            node = self.get_node(active.scope)
        except ScopeImportError:
            raise
        except NotRegisteredError as error:
            warnings.warn(str(error), stacklevel=2)
            active = make_active_scope(active.scope, fallback=True)
        return ScopeSwitch(None if scope is None else active, self if node is None else node)

    def get_node(self, scope: str) -> Registry[Any] | None:
        """Return the node of a scope in this tree, or None if the tree has none.

        Args:
            scope: The scope; its library is imported if it is announced.

        Raises:
            NotRegisteredError: If the scope is unknown, or its library can't be imported.
        """
        return find_scope(self, scope)

    def register(self, constructor: C) -> C:
        """Register a class or a function under its own name, as a bare decorator.

        Args:
            constructor: The class or function.

        Raises:
            DuplicateNameError: If the name is taken.
        """
        self._add(constructor, None, force=False)
        return constructor

    @overload
    def register_module(self, name: C) -> C: ...
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
        name: str | Sequence[str] | C | None = None,
        force: bool = False,
        module: C | None = None,
    ) -> C | Callable[[C], C]:
        """Register a class or a function, as a decorator with or without brackets, or by a call.

        Args:
            name: The name or names; None means that of the module.
            force: Whether to replace what has the name now.
            module: What to register; None returns a decorator.

        Raises:
            DuplicateNameError: If the name is taken and `force` is false.
            TypeError: If `module` is neither a class nor a function, or a name is not a str.
        """
        names: Sequence[str] | None = None
        if name is None:
            pass
        elif isinstance(name, str):
            names = (name,)
        elif callable(name):  # a bare decorator: `@MODELS.register_module`
            self._add(name, None, force=False)
            return name
        else:
            names = name
            if not all(isinstance(each, str) for each in names):
                raise TypeError(f"name must be a str or a sequence of str; got {name!r}")
        if force is not True and force is not False:
            raise TypeError(f"force must be a bool; got {force!r}")
        if module is not None:
            self._add(module, names, force)
            return module

        def decorate(decorated: C) -> C:
            self._add(decorated, names, force)
            return decorated

        return decorate
