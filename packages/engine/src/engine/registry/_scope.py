"""The default scope: one for the process, and overrides that are local to a context."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType

from engine.utils import ManagerMixin

_ALIASES: dict[str, str] = {}


def add_scope_alias(alias: str, scope: str) -> None:
    """Let `alias` mean `scope` in every look-up.

    Raises:
        ValueError: If `alias` already means another scope.
    """
    known = _ALIASES.setdefault(alias, scope)
    if known != scope:
        raise ValueError(f"the scope alias {alias!r} already means {known!r}, not {scope!r}")


def canonical_scope(scope: str) -> str:
    """Return the scope that `scope` means."""
    return _ALIASES.get(scope, scope)


class DefaultScope(ManagerMixin):
    """The scope in which a build from a root registry starts.

    The newest instance holds for the whole process. `overwrite_default_scope` puts another in its
    place within a context: threads and asyncio tasks don't see each other's overrides, and a new
    thread starts with the scope of the process.

    Args:
        name: The name of the instance.
        scope_name: The scope, say `'mmalpha'`.
    """

    def __init__(self, name: str, scope_name: str) -> None:
        if not isinstance(scope_name, str):
            raise TypeError(f"a scope name is a string; got {scope_name!r}")
        super().__init__(name)
        self._scope_name = canonical_scope(scope_name)

    @property
    def scope_name(self) -> str:
        """The scope."""
        return self._scope_name

    @classmethod
    def get_current_instance(cls) -> DefaultScope | None:  # type: ignore[override]  # None, not an error
        """Return the instance in force here, or None if no scope was ever set."""
        override = _override.get()
        if override is not None:
            return override.instance
        return next(reversed(cls._instances.values())) if cls._instances else None

    @classmethod
    def overwrite_default_scope(cls, scope_name: str | None) -> ScopeSwitch:
        """Make `scope_name` the default scope within a `with` block; None changes nothing."""
        return ScopeSwitch(scope_name)


class ScopeSwitch:
    """A `with` block in which another default scope is in force.

    Args:
        scope: The scope, or None to change nothing.
        everywhere: Whether builds from registries below the root start in the scope as well, as
            `_scope_` in a config has it.
    """

    __slots__ = ("_token", "everywhere", "scope")

    def __init__(self, scope: str | None, *, everywhere: bool = False) -> None:
        self.scope = None if scope is None else canonical_scope(scope)
        self.everywhere = everywhere
        self._token: Token[ScopeSwitch | None] | None = None

    @property
    def instance(self) -> DefaultScope:
        """The scope as a `DefaultScope` that no other context can reach by its name."""
        instance = DefaultScope.__new__(DefaultScope)
        instance._instance_name = instance._scope_name = self.scope or ""
        return instance

    def __enter__(self) -> None:
        if self.scope is not None:
            self._token = _override.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _override.reset(self._token)


_override: ContextVar[ScopeSwitch | None] = ContextVar("engine_default_scope", default=None)


def scope_in_force(*, at_root: bool) -> str | None:
    """Return the scope in which a build starts here, or None for that of the registry itself.

    Args:
        at_root: Whether the build is asked of a root registry; the others heed only `_scope_`.
    """
    override = _override.get()
    if override is not None:
        return override.scope if at_root or override.everywhere else None
    if at_root and DefaultScope._instances:
        current: DefaultScope = next(reversed(DefaultScope._instances.values()))
        return current._scope_name
    return None


def init_default_scope(scope: str) -> None:
    """Make `scope` the default scope of the process.

    Args:
        scope: The scope in which builds from root registries start from now on.
    """
    DefaultScope(scope, scope)
