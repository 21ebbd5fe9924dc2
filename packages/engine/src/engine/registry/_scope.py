"""The default scope: one for the process, and overrides that are local to a context."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, ClassVar

from engine.utils import ManagerMixin

from ._discovery import name_scope
from ._trust import trust_of

_aliases: dict[str, str] = {}
_known: set[str] = {"engine"}
_active_scopes: dict[tuple[str, bool], ActiveScope] = {}


def add_scope_alias(alias: str, scope: str) -> None:
    """Let `alias` mean `scope` in every lookup.

    Raises:
        ValueError: If `alias` already means another scope.
    """
    known = _aliases.setdefault(alias, scope)
    if known != scope:
        raise ValueError(f"the scope alias {alias!r} already means {known!r}, not {scope!r}")


def canonical_scope(scope: str) -> str:
    """Return the scope that `scope`, which may be an alias, means."""
    return _aliases.get(scope, scope)


def add_known_scope(scope: str) -> None:
    """Mark a scope as known, since some tree has a node of it."""
    _known.add(scope)


def is_known_scope(scope: str) -> bool:
    """Return whether some tree has or had a node of a scope."""
    return scope in _known


class ActiveScope:
    """The scope that is searched first; `make_active_scope` makes one.

    Attributes:
        scope: The scope.
        fallback: Whether an unknown scope is skipped instead of an error.
    """

    __slots__ = ("fallback", "scope")

    def __init__(self, scope: str, fallback: bool) -> None:
        self.scope: str = canonical_scope(scope)
        self.fallback: bool = fallback


def make_active_scope(scope: str, fallback: bool = False) -> ActiveScope:
    """Return the `ActiveScope` of a scope; equal arguments give the same object, which is cheap.

    Args:
        scope: The scope.
        fallback: As in `ActiveScope`.
    """
    try:
        return _active_scopes[scope, fallback]
    except KeyError:
        return _active_scopes.setdefault((scope, fallback), ActiveScope(scope, fallback))


OVERRIDE: ContextVar[ActiveScope | None] = ContextVar("engine_default_scope", default=None)
"""The innermost override of this context, if there is one."""


class DefaultScope(ManagerMixin):
    """The scope in which names are searched first, from every registry.

    The newest instance holds for the whole process. `overwrite_default_scope` overrides it within
    a context: threads and asyncio tasks don't see each other's overrides, and a new thread starts
    with the scope of the process.

    Args:
        name: The name of the instance.
        scope_name: The scope, say `'mmalpha'`.
        fallback: Whether an unknown scope is skipped; otherwise it is an error, since a part of
            the same name from another library may not be the one that was meant.
    """

    newest: ClassVar[DefaultScope | None] = None
    process_scope: ClassVar[ActiveScope | None] = None

    def __init__(self, name: str, scope_name: str, fallback: bool = False) -> None:
        if not isinstance(scope_name, str):
            raise TypeError(f"scope_name must be a str; got {scope_name!r}")
        super().__init__(name)
        self.active_scope: ActiveScope = make_active_scope(scope_name, fallback)
        DefaultScope.newest, DefaultScope.process_scope = self, self.active_scope

    @classmethod
    def reset(cls) -> None:
        """Forget all default scopes of the process."""
        super().reset()
        DefaultScope.newest = DefaultScope.process_scope = None

    @property
    def scope_name(self) -> str:
        """The scope."""
        return self.active_scope.scope

    @classmethod
    def get_current_instance(cls) -> DefaultScope | None:  # type: ignore[override]  # None, not an error
        """Return the instance that is active here, or None if no scope was ever set."""
        override = OVERRIDE.get()
        if override is None:
            return cls.newest
        instance = cls.__new__(cls)  # no other context can reach it by its name
        instance._instance_name = override.scope
        instance.active_scope = override
        return instance

    @classmethod
    def overwrite_default_scope(cls, scope_name: str | None, fallback: bool = False) -> ScopeSwitch:
        """Make another scope the default one within a `with` block.

        Args:
            scope_name: The scope; None changes nothing.
            fallback: As in `DefaultScope`.
        """
        return ScopeSwitch(None if scope_name is None else make_active_scope(scope_name, fallback))


class ScopeSwitch:
    """A `with` block in which another scope is active.

    Args:
        scope: The scope, or None to change nothing.
        target: What `as` binds.
    """

    __slots__ = ("_scope", "_target", "_token")

    def __init__(self, scope: ActiveScope | None, target: Any = None) -> None:
        self._scope = scope
        self._target = target
        self._token: Token[ActiveScope | None] | None = None

    def __enter__(self) -> Any:
        if self._scope is not None:
            self._token = OVERRIDE.set(self._scope)
        return self._target

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            OVERRIDE.reset(self._token)


def get_active_scope() -> ActiveScope | None:
    """Return the scope that is active here: an override, or that of the process."""
    return OVERRIDE.get() or DefaultScope.process_scope


def use_default_scope(scope: str, *, is_data: bool) -> None:
    """Make `scope` the default scope of the process.

    Args:
        scope: The scope.
        is_data: Whether data names it, so that its library must be announced.
    """
    DefaultScope(scope, scope)
    if not is_data:
        name_scope(scope)


def scope_of(cfg: Mapping[str, Any]) -> str:
    """Return the default scope of a run, whose library need not be announced where code names it.

    Args:
        cfg: The config of the run.
    """
    scope: str = cfg.get("default_scope", "engine")
    if trust_of(cfg, "default_scope") is not False:
        name_scope(scope)
    return scope


def init_default_scope(scope: str, fallback: bool = False) -> None:
    """Make `scope` the default scope of the process.

    Args:
        scope: The scope in which names are searched first from now on. Its library need not be
            announced, since a program names it.
        fallback: As in `DefaultScope`.
    """
    DefaultScope(scope, scope, fallback)
    name_scope(scope)
