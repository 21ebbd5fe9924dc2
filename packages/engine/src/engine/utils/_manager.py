"""Named instances within a process, one of them current."""

from __future__ import annotations

from contextvars import ContextVar, Token

TYPE_CHECKING = False  # `typing` would make up most of the import of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, ClassVar, Self

_CURRENT: ContextVar[Mapping[type, Any]] = ContextVar("engine_current_instances")


class ManagerMixin:
    """A class whose instances are kept by name, the newest being the current one.

    `as_current` puts another in its place within a context: threads and asyncio tasks don't see
    each other's. Making an instance registers it with its class and those above it, so that a base
    class finds what was made of a subclass; one of the same name replaces the former.

    Args:
        name: The name under which `get_instance` finds the instance again.
    """

    _instances: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each class instances of its own."""
        super().__init_subclass__(**kwargs)
        cls._instances = {}

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f"{type(self).__name__} needs a name, a string; got {name!r}")
        self._instance_name = name
        for kind in _list_managed(type(self)):
            kind._instances.pop(name, None)  # so that a replaced name becomes the newest again
            kind._instances[name] = self

    @property
    def instance_name(self) -> str:
        """The name of the instance."""
        return self._instance_name

    @classmethod
    def get_instance(cls, name: str, **kwargs: Any) -> Self:
        """Return the instance called `name`; make it of `kwargs` where there is none yet."""
        instance = cls._instances.get(name)
        return cls(name=name, **kwargs) if instance is None else instance

    @classmethod
    def get_current_instance(cls) -> Self:
        """Return the current instance: the one in force here, or else the newest.

        Raises:
            RuntimeError: If none was made yet.
        """
        if (current := cls._in_force()) is not None:
            return current
        if not cls._instances:
            raise RuntimeError(
                f"there is no {cls.__name__} yet; make one with {cls.__name__}.get_instance(name)"
            )
        newest: Self = next(reversed(cls._instances.values()))
        return newest

    @classmethod
    def _in_force(cls) -> Self | None:
        return _CURRENT.get({}).get(cls)

    def as_current(self) -> _InForce:
        """Return a `with` block in which this instance is the current one of its class."""
        return _InForce(self)

    @classmethod
    def reset(cls) -> None:
        """Forget all instances of this class and of its subclasses."""
        for name, instance in [*cls._instances.items()]:
            for kind in _list_managed(type(instance)):
                if kind._instances.get(name) is instance:
                    del kind._instances[name]

    @classmethod
    def check_instance_created(cls, name: str) -> bool:
        """Return whether there is an instance called `name`."""
        return name in cls._instances


def _list_managed(cls: type) -> list[type[ManagerMixin]]:
    """Return the classes that keep instances, from a class upwards."""
    return [kind for kind in cls.__mro__ if "_instances" in vars(kind)]


class ManagerMeta(type):
    """A metaclass that gives each class instances of its own; `ManagerMixin` does so without it."""

    def __init__(cls, *args: Any) -> None:
        super().__init__(*args)
        cls._instances: dict[str, Any] = {}


class _InForce:
    """A `with` block in which an instance is the current one; `contextlib` is slow to import."""

    _token: Token[Mapping[type, Any]]

    def __init__(self, instance: ManagerMixin) -> None:
        self._instances = dict.fromkeys(_list_managed(type(instance)), instance)

    def __enter__(self) -> None:
        self._token = _CURRENT.set({**_CURRENT.get({}), **self._instances})

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _CURRENT.reset(self._token)
