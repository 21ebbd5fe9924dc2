"""Timers."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from engine._lazy import public


@public
class TimerError(Exception):
    """A timer was asked for the time before it was started."""


class Timer:
    """Measures wall-clock time, in seconds; with `with`, that of a block, which it prints.

    Args:
        start: Whether to start now.
        print_tmpl: What to print, with a place for the time; None means `'{:.3f}'`.
    """

    def __init__(self, start: bool = True, print_tmpl: str | None = None) -> None:
        self.print_tmpl: str = print_tmpl or "{:.3f}"
        self._started: float | None = None
        self._checked = 0.0
        if start:
            self.start()

    @property
    def is_running(self) -> bool:
        """Whether the timer was started."""
        return self._started is not None

    def start(self) -> None:
        """Start the timer, if it is not running yet."""
        if self._started is None:
            self._started = time.perf_counter()
        self._checked = time.perf_counter()

    def since_start(self) -> float:
        """Return the time since the start, which counts as a check.

        Raises:
            TimerError: If the timer is not running.
        """
        return self._since(self._started)

    def since_last_check(self) -> float:
        """Return the time since it was last asked for, or since the start.

        Raises:
            TimerError: If the timer is not running.
        """
        return self._since(self._checked)

    def _since(self, moment: float | None) -> float:
        if self._started is None or moment is None:
            raise TimerError("the timer is not running; call start() first")
        self._checked = time.perf_counter()
        return self._checked - moment

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        print(self.print_tmpl.format(self.since_last_check()))  # noqa: T201  # documented
        self._started = None


_timers: dict[str, Timer] = {}


def check_time(timer_id: str) -> float:
    """Return the time since the last call with this name, in seconds; 0 for the first call.

    Args:
        timer_id: The name.
    """
    if timer_id in _timers:
        return _timers[timer_id].since_last_check()
    _timers[timer_id] = Timer()
    return 0.0
