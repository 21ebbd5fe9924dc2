"""Hooks of a run by priority."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from engine.hooks import POINTS, Hook
from engine.registry import HOOKS
from engine.utils import mutable_copy

DEFAULT_HOOKS: Mapping[str, Mapping[str, Any]] = {
    "runtime_info": {"type": "engine.RuntimeInfoHook"},
    "timer": {"type": "engine.IterTimerHook"},
    "data_check": {"type": "engine.DataCheckHook"},
    "sampler_seed": {"type": "engine.DistSamplerSeedHook"},
    "logger": {"type": "engine.LoggerHook"},
    "progress": {"type": "engine.ProgressHook"},
    "param_scheduler": {"type": "engine.ParamSchedulerHook"},
    "checkpoint": {"type": "engine.CheckpointHook"},
}


class _Calls(dict[str, list[Callable[..., None]]]):
    """What is called at each point, found when a point is first asked for."""

    def __init__(self, hooks: list[Hook]) -> None:
        super().__init__()
        self._hooks = hooks

    def __missing__(self, point: str) -> list[Callable[..., None]]:
        if point in POINTS:
            here = [hook for hook in self._hooks if point in hook.get_triggered_stages()]
            self[point] = [hook.call_at(point) for hook in here]
        else:
            found = [getattr(hook, point, None) for hook in self._hooks]
            own = [method for method in found if callable(method)]
            if not own:
                raise ValueError(
                    f"hooks have no point {point!r}, and no hook of the run defines it; there are "
                    f"{', '.join(POINTS)}"
                )
            self[point] = own
        return self[point]


class HookList:
    """Hooks by priority; for each point only those that do something there are called.

    Attributes:
        hooks: The hooks in their order.
        calls: By point what is called there, in that order.
    """

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self._priorities: list[int] = []
        self.calls = _Calls(self.hooks)

    def add(
        self, hook: Hook | Mapping[str, Any], priority: str | int | Priority | None = None
    ) -> None:
        """Add a hook behind those of its priority.

        Args:
            hook: A hook, or its config, which may have a `priority`.
            priority: Its priority; None means that of the config or of the hook.

        Raises:
            TypeError: If it is no hook.
        """
        if isinstance(hook, Mapping):
            cfg = mutable_copy(hook)
            named = cfg.pop("priority", None)
            priority = named if priority is None else priority
            hook = HOOKS.build(cfg)
        if not isinstance(hook, Hook):
            raise TypeError(f"a hook is a subclass of engine.hooks.Hook; got {hook!r}")
        number = get_priority(hook.priority if priority is None else priority)
        index = sum(other <= number for other in self._priorities)
        self.hooks.insert(index, hook)
        self._priorities.insert(index, number)
        self.forget()

    def forget(self) -> None:
        """Look each point up anew: a hook may know better what it does once a run began."""
        self.calls.clear()

    def add_defaults(self, changes: Mapping[str, Any] | None) -> None:
        """Add the default hooks.

        Args:
            changes: By the name of a default hook its config, a hook, or None to leave it out;
                a name that is not among them adds a hook.
        """
        for hook in {**DEFAULT_HOOKS, **(changes or {})}.values():
            if hook is not None:
                self.add(hook)

    def info(self) -> str:
        """Return a table of the points and the hooks that are called there."""
        sections = []
        for point in POINTS:
            rows = [
                f"({Priority(number).name if number in set(Priority) else number:<12}) "
                f"{type(hook).__name__}"
                for hook, number in zip(self.hooks, self._priorities, strict=True)
                if point in hook.get_triggered_stages()
            ]
            if rows:
                sections.append("\n".join([f"{point}:", *rows]))
        return "\n -------------------- \n".join(sections)


class Priority(IntEnum):
    """When a hook comes among those of a point; the least number comes first."""

    HIGHEST = 0
    VERY_HIGH = 10
    HIGH = 30
    ABOVE_NORMAL = 40
    NORMAL = 50
    BELOW_NORMAL = 60
    LOW = 70
    VERY_LOW = 90
    LOWEST = 100


def get_priority(priority: int | str | Priority) -> int:
    """Return a priority as a number.

    Args:
        priority: A number from 0 to 100, or the name of a `Priority` in any case.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(priority, str):
        name = priority.upper()
        if name in Priority.__members__:
            return int(Priority[name])
    elif isinstance(priority, int) and 0 <= priority <= 100:
        return int(priority)
    names = ", ".join(Priority.__members__)
    raise ValueError(f"a priority is a number from 0 to 100 or one of {names}; got {priority!r}")
