"""Average run time of a function."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, ParamSpec, Self, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


class TimeCounter:
    """Tells how long runs of a function, or of a block, take on average.

    It is a decorator or a context manager. All counters of one tag count together, so that a block
    in a loop may make one anew each time.

    Args:
        log_interval: The number of runs after which the average is logged.
        warmup_interval: How many runs at the beginning are left out.
        with_sync: Whether to wait for the CUDA device before and after each run.
        tag: The name of what is timed; a decorated function has its own.
        logger: Where the average is logged; None means it is printed.

    Raises:
        ValueError: If a block is timed without a tag.
    """

    _runs: ClassVar[dict[str, tuple[int, float]]] = {}
    """By tag, the number of runs and the time of those that count."""

    def __init__(
        self,
        log_interval: int = 1,
        warmup_interval: int = 1,
        with_sync: bool = True,
        tag: str | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self.log_interval = log_interval
        self.warmup_interval = warmup_interval
        self.with_sync = with_sync
        self.tag = tag
        self.logger = logger
        self._started = 0.0

    def __call__(self, func: Callable[P, R]) -> Callable[P, R]:
        """Return a function that is timed."""
        self.tag = self.tag or func.__name__

        @functools.wraps(func)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            started = self._now()
            result = func(*args, **kwargs)
            self.print_time(self._now() - started)
            return result

        return wrapper

    def __enter__(self) -> Self:
        if self.tag is None:
            raise ValueError("a block is timed under a name: TimeCounter(tag='...')")
        self._started = self._now()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.print_time(self._now() - self._started)

    def print_time(self, elapsed: float) -> None:
        """Count a run, and tell the average if it is time to.

        Args:
            elapsed: How long the run took, in seconds.
        """
        tag = str(self.tag)
        runs, total = self._runs.get(tag, (0, 0.0))
        runs += 1
        counted = runs - self.warmup_interval
        total += elapsed if counted > 0 else 0.0
        self._runs[tag] = runs, total
        if counted > 0 and counted % self.log_interval == 0:
            line = f"[{tag}] {1000 * total / counted:.1f} ms per run, averaged over {counted} runs"
            if self.logger is None:
                print(line)  # noqa: T201  # documented: without a logger it is printed
            else:
                self.logger.info(line)

    def _now(self) -> float:
        if self.with_sync and torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()
