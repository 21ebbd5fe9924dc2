"""Priorities of hooks."""

from __future__ import annotations

from enum import IntEnum


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
