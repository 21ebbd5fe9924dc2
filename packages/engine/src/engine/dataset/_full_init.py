"""Decorator of dataset methods that need the annotations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class _Lazy(Protocol):
    _fully_initialized: bool

    def full_init(self) -> None: ...


D = TypeVar("D", bound=_Lazy)
P = ParamSpec("P")
R = TypeVar("R")


def force_full_init(old_func: Callable[Concatenate[D, P], R]) -> Callable[Concatenate[D, P], R]:
    """Make a method of a dataset read the annotations first, if that was put off.

    Args:
        old_func: The method.
    """

    @functools.wraps(old_func)
    def wrapper(self: D, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not getattr(self, "_fully_initialized", False):
            self.full_init()
        return old_func(self, *args, **kwargs)

    return wrapper
