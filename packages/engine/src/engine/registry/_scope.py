"""The default scope: one for the process, and overrides that are local to a context."""

from __future__ import annotations

from contextvars import ContextVar, Token

from engine.utils import ManagerMixin

from ._discovery import name_scope

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, ClassVar

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


class InForce:
    """A scope that is in force; see `in_force_of`.

    Attributes:
        scope: The scope.
        fallback: Whether a scope that nobody knows is passed over, rather than an error.
    """

    __slots__ = ("fallback", "scope")

    def __init__(self, scope: str, fallback: bool) -> None:
        self.scope = canonical_scope(scope)
        self.fallback = fallback


_known: dict[tuple[str, bool], InForce] = {}


def in_force_of(scope: str, fallback: bool = False) -> InForce:
    """Return the `InForce` of a scope: equal ones are the same object, so that switches are cheap.

    Args:
        scope: The scope.
        fallback: As in `InForce`.
    """
    try:
        return _known[scope, fallback]
    except KeyError:
        made = InForce(scope, fallback)
        return _known.setdefault((scope, fallback), made)


OVERRIDE: ContextVar[InForce | None] = ContextVar("engine_default_scope", default=None)
"""The innermost switch that is in force in this context, if there is one."""


class DefaultScope(ManagerMixin):
    """The scope in which names are searched first, from every registry.

    The newest instance holds for the whole process. `overwrite_default_scope` puts another in its
    place within a context: threads and asyncio tasks don't see each other's overrides, and a new
    thread starts with the scope of the process.

    Args:
        name: The name of the instance.
        scope_name: The scope, say `'mmalpha'`.
        fallback: Whether a scope that nobody knows is passed over; otherwise that is an error,
            since a namesake from elsewhere may not be what was meant.
    """

    newest: ClassVar[DefaultScope | None] = None
    in_process: ClassVar[InForce | None] = None

    def __init__(self, name: str, scope_name: str, fallback: bool = False) -> None:
        if not isinstance(scope_name, str):
            raise TypeError(f"a scope name is a string; got {scope_name!r}")
        super().__init__(name)
        self.in_force = in_force_of(scope_name, fallback)
        DefaultScope.newest, DefaultScope.in_process = self, self.in_force

    @classmethod
    def reset(cls) -> None:
        """Forget all default scopes of the process."""
        super().reset()
        DefaultScope.newest = DefaultScope.in_process = None

    @property
    def scope_name(self) -> str:
        """The scope."""
        return self.in_force.scope

    @classmethod
    def get_current_instance(cls) -> DefaultScope | None:  # type: ignore[override]  # None, not an error
        """Return the instance in force here, or None if no scope was ever set."""
        override = OVERRIDE.get()
        if override is None:
            return cls.newest
        instance = cls.__new__(cls)  # no other context can reach it by its name
        instance._instance_name = override.scope
        instance.in_force = override
        return instance

    @classmethod
    def overwrite_default_scope(cls, scope_name: str | None, fallback: bool = False) -> ScopeSwitch:
        """Make another scope the default one within a `with` block.

        Args:
            scope_name: The scope; None changes nothing.
            fallback: As in `DefaultScope`.
        """
        return ScopeSwitch(None if scope_name is None else in_force_of(scope_name, fallback))


class ScopeSwitch:
    """A `with` block in which another scope is in force.

    Args:
        in_force: The scope, or None to change nothing.
        gives: What the block gets as its `as`.
    """

    __slots__ = ("_gives", "_in_force", "_token")

    def __init__(self, in_force: InForce | None, gives: Any = None) -> None:
        self._in_force = in_force
        self._gives = gives
        self._token: Token[InForce | None] | None = None

    def __enter__(self) -> Any:
        if self._in_force is not None:
            self._token = OVERRIDE.set(self._in_force)
        return self._gives

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            OVERRIDE.reset(self._token)


def scope_in_force() -> InForce | None:
    """Return the scope that is in force here: an override, or that of the process."""
    return OVERRIDE.get() or DefaultScope.in_process


def use_default_scope(scope: str, *, is_data: bool) -> None:
    """Make `scope` the default scope of the process.

    Args:
        scope: The scope.
        is_data: Whether data names it, so that its library has to be announced.
    """
    DefaultScope(scope, scope)
    if not is_data:
        name_scope(scope)


def init_default_scope(scope: str, fallback: bool = False) -> None:
    """Make `scope` the default scope of the process.

    Args:
        scope: The scope in which names are searched first from now on. Its library need not be
            announced, since a program names it.
        fallback: As in `DefaultScope`.
    """
    DefaultScope(scope, scope, fallback)
    name_scope(scope)
