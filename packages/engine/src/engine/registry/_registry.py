"""The registry: a node of a tree that maps names to classes and functions."""

from __future__ import annotations

from types import MappingProxyType

from ._build import add_place, build_from_cfg, unexpected
from ._discovery import IMPORTED, PENDING, import_location
from ._errors import DuplicateNameError, NotRegisteredError, ScopeImportError
from ._lookup import Lookup, add_scope, descendants, find_scope
from ._scope import InForce, ScopeSwitch, canonical_scope, in_force_of, scope_in_force
from ._call_site import Site, call_site, calling_code, calling_module, calling_package
from ._trust import add_package, trust_of

# The import of `typing` and of what it needs takes longer than that of this whole package, which
# has to be quick to import. So here stand-ins take its place at run time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Generic, overload

    from typing_extensions import TypeVar

    from ._explain import Explanation
    from ._source_protocol import Source

    T = TypeVar("T", default=Any)
    C = TypeVar("C", bound=Callable[..., Any])
    D = TypeVar("D")
    E = TypeVar("E")
else:
    T = None

    class Generic:
        """Lets `Registry[int]` be `Registry`."""

        def __class_getitem__(cls, parameter: object) -> type:
            return cls

    def overload(function: object) -> object:
        """Return what will be replaced by the implementation anyway."""
        return function


_MISSING: Any = object()


class _Tree:
    """What the nodes of one tree share.

    Attributes:
        scopes: The scopes of all nodes.
        warm: The nodes that have cached look-ups.
    """

    __slots__ = ("scopes", "warm")

    def __init__(self) -> None:
        self.scopes: set[str] = set()
        self.warm: list[Registry[Any]] = []

    def forget(self) -> None:
        """Drop the cached look-ups of the whole tree, after any node of it has changed."""
        while self.warm:
            self.warm.pop().forget()


class Registry(Generic[T]):
    """A set of names for classes or functions, one node in a tree of such.

    A name is searched in the node of the scope in force and those above it, then in the node that
    is asked and those above it; `scope.Name` reaches any node of the tree, siblings included. The
    library of a scope is imported when it is first asked for.

    Args:
        name: What the registry holds, say `'model'`; the nodes of a tree share it.
        build_func: What `build` calls, with the registry as keyword `registry`. None means that
            of the parent, or `build_from_cfg` at the root.
        parent: The node above.
        scope: The library to which the node belongs; None infers it from the calling package.
        locations: Modules whose import registers; they are imported when a name is missing.

    Attributes:
        cached: What former look-ups have found, by the scope in force and the key; a change of the
            tree empties it.
        package: The package that made the node.

    Raises:
        ValueError: If the parent has a child of that scope already. A notebook cell that is run
            again, or a reload, may make it anew.
    """

    def __init__(
        self,
        name: str = "registry",
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
        self._sources: dict[str, Source] = {}
        self._imports = dict.fromkeys(locations, PENDING)
        self._pending = list(locations)
        self.cached: dict[InForce | None, dict[str, Callable[..., T]]] = {}
        self._absent: set[tuple[InForce | None, str]] = set()
        self._made_at, self._made_by, self._made_in = call_site(), calling_code(), calling_module()
        self.package = self._made_in.partition(".")[0]
        self.parent = parent
        self.build_func: Callable[..., Any] = build_func or (
            parent.build_func if parent is not None else build_from_cfg
        )
        self._tree: _Tree = _Tree() if parent is None else parent._tree
        if parent is not None:
            parent._adopt(self)
        self._tree.scopes.add(self._scope)
        add_scope(self._scope)
        add_package(self.package)

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

    def of_library(self, owner: object) -> Registry[Any]:
        """Return the node of the library that a class belongs to, or this one if it has none.

        A base class builds its parts from there, so that the own parts of a subclass in a library
        are found whatever the scope in force is.

        Args:
            owner: The class, or an instance of it.
        """
        kind = owner if isinstance(owner, type) else type(owner)
        package = kind.__module__.partition(".")[0]
        return next((node for node in descendants(self) if node.package == package), self)

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
        """Return whether `get(key)` finds something; what can't be imported is not there."""
        if not isinstance(key, str):
            return False
        if key in self.cached.get(scope_in_force(), ()):
            return True
        try:
            return self.get(key, None) is not None
        except NotRegisteredError:
            return False

    def __bool__(self) -> bool:
        """Return true: an empty registry is a registry."""
        return True

    def __repr__(self) -> str:
        """Return a table of the names and what they stand for."""
        from ._table import table  # deferred: only who prints a registry pays for rich

        return table(f"Registry of {self._name}", self._module_dict)

    def import_from_location(self) -> None:
        """Import the locations that were not imported yet.

        Raises:
            ScopeImportError: If an import fails; the failure is the cause.
        """
        while self._pending:
            location = self._pending[0]
            try:
                import_location(location)
            except ScopeImportError as error:
                self._imports[location] = str(error)
                raise
            self._imports[location] = IMPORTED
            if self._pending and self._pending[0] == location:
                del self._pending[0]

    @property
    def imports(self) -> Mapping[str, str]:
        """The locations, and how the import of each went: `'imported'`, `'pending'` or an error."""
        return MappingProxyType(self._imports)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are attached to this node, by prefix."""
        return MappingProxyType(self._sources)

    def attach_source(self, prefix: str, source: Source) -> None:
        """Let `prefix.name` mean a name of a source, in this node and those below.

        Args:
            prefix: The prefix, say `'timm'`.
            source: A registry, or what else has `build(name, ...)`, `in` and iteration.

        Raises:
            DuplicateNameError: If the prefix is taken by another source or by a scope.
        """
        if prefix in self._sources or prefix in self._tree.scopes:
            raise DuplicateNameError(f"the prefix {prefix!r} is taken already in {self.label}")
        self._sources[prefix] = source
        self._tree.forget()

    @overload
    def get(self, key: str) -> Callable[..., T]: ...
    @overload
    def get(self, key: str, default: D) -> Callable[..., T] | D: ...
    def get(self, key: str, default: Any = _MISSING) -> Any:
        """Return what `key` stands for, with the scope that is in force.

        Args:
            key: A name, `scope.Name`, or the dotted path of what is registered or allowed.
            default: What to return instead of raising.

        Raises:
            NotRegisteredError: If there is no such name; also if the library of its scope is not
                installed (`ScopeNotInstalledError`) or can't be imported (`ScopeImportError`).
            TypeError: If `key` is not a str.
        """
        in_force = scope_in_force()
        try:
            return self.cached[in_force][key]
        except (KeyError, TypeError):
            pass  # what can't be hashed is no name either
        if isinstance(key, str):
            return self._look_up(key, in_force, default)
        raise TypeError(f"a registry is asked for a name, a string; got {key!r}")

    def _look_up(self, key: str, in_force: InForce | None, default: Any) -> Any:
        if (in_force, key) in self._absent and default is not _MISSING:
            return default
        lookup = Lookup(key, self, in_force).run()
        self._note_warm()
        if lookup.found is not None:
            self.cached.setdefault(in_force, {})[key] = lookup.found
            return lookup.found
        self._absent.add((in_force, key))
        if default is _MISSING:
            raise lookup.error()
        return default

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
            return self._get_for_code(name) if trust_of(cfg, key) else self.get(name)
        except LookupError as error:
            add_place(error, cfg, key)
            raise

    def _get_for_code(self, name: Any) -> Callable[..., T]:
        if not isinstance(name, str):
            return self.get(name)  # it says what a name is
        lookup = Lookup(name, self, scope_in_force(), is_code=True).run()
        if lookup.found is None:
            raise lookup.error()
        found: Callable[..., T] = lookup.found
        return found

    def _note_warm(self) -> None:
        if not (self.cached or self._absent):
            self._tree.warm.append(self)

    def forget(self) -> None:
        """Drop the cached look-ups of this node."""
        self.cached.clear()
        self._absent.clear()

    def own(self, name: str) -> Callable[..., T] | None:
        """Return what this node itself has under `name`, its locations included, or None."""
        if name not in self._module_dict and self._pending:
            self.import_from_location()
        return self._module_dict.get(name)

    @overload
    def build(self, cfg: Any, *args: Any, expect: type[E], **kwargs: Any) -> E: ...
    @overload
    def build(self, cfg: Any, *args: Any, **kwargs: Any) -> T: ...
    def build(self, cfg: Any, *args: Any, expect: type[Any] | None = None, **kwargs: Any) -> Any:
        """Build what a config describes, or what a name stands for.

        Args:
            cfg: A mapping with `type` (a name, a class or a function) and its keyword arguments;
                `_scope_` starts this build and all inside it in another scope. Or a name, to be
                called with the other arguments.
            *args: Passed on to `build_func`, or to what the name stands for.
            expect: The class of which the result must be.
            **kwargs: Passed on as `args` are.

        Raises:
            NotRegisteredError: If the name is not registered.
            BuildError: If the config lacks `type`, does not fit the signature, or the result is not
                what was expected.
        """
        if isinstance(cfg, str):
            built = self.get(cfg)(*args, **kwargs)
        elif args or kwargs:
            built = self.build_func(cfg, *args, **kwargs, registry=self)
        else:
            built = self.build_func(cfg, registry=self)
        if expect is not None and not isinstance(built, expect):
            raise unexpected(cfg, built, expect)
        return built

    def explain(self, key: str) -> Explanation:
        """Return all that a look-up of `key` by a build does: see `Explanation`.

        Args:
            key: What `type` in a config would say.
        """
        from ._explain import explain  # deferred: only who asks pays for it

        return explain(self, key)

    def switch_scope_and_registry(self, scope: str | None) -> ScopeSwitch:
        """Search names within a `with` block in another scope first, and give its registry.

        The block gets the node of the scope, or this one where the tree has none.

        Args:
            scope: The scope; None means the default scope, or none where there is none.

        Raises:
            NotRegisteredError: If nobody knows the scope.
        """
        in_force = scope_in_force() if scope is None else in_force_of(scope)
        if in_force is None:
            return ScopeSwitch(None, self)
        node = find_scope(self, in_force.scope)
        return ScopeSwitch(None if scope is None else in_force, self if node is None else node)

    def register(self, constructor: C) -> C:
        """Register a class or a function under its own name, as a bare decorator.

        Args:
            constructor: The class or function.

        Raises:
            DuplicateNameError: If the name is taken.
        """
        self._register(constructor, None, force=False)
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
            TypeError: If `module` is neither a class nor a function, or `name` is no string.
        """
        if callable(name):  # a bare decorator: `@MODELS.register_module`
            return self.register(name)
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
            self._check_name(name, site, force)
            self._module_dict[name] = module
            self._sites[name] = site
        self._tree.forget()

    def _check_name(self, name: str, site: Site, force: bool) -> None:
        if not name or "." in name:
            raise ValueError(f"{site}: a name has no dot, which parts scopes; got {name!r}")
        if name in self._tree.scopes:
            raise ValueError(f"{site}: {name!r} is a scope, so that it can't be a name as well")
        if name in self._module_dict and not force:
            raise DuplicateNameError(
                f"{name!r} is registered in {self.label} already, at {self._sites[name]}; "
                f"{site} registers it again. Choose another name, or pass force=True"
            )

    def _is_anew(self, other: Registry[Any]) -> bool:
        """Return whether the line that made another node has been compiled and run once more."""
        same = (self._made_in, self._made_at.line) == (other._made_in, other._made_at.line)
        return same and self._made_by is not other._made_by

    def _adopt(self, node: Registry[Any]) -> None:
        other = self._children.get(node.scope)
        if other is not None and not node._is_anew(other):
            raise ValueError(
                f"{self.label} has a child of the scope {node.scope!r} already, made at "
                f"{other._made_at}; {node._made_at} makes another"
            )
        self._children[node.scope] = node
        self._tree.forget()
