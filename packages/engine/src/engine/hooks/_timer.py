"""Time of iterations."""

from __future__ import annotations

import time
from typing import Any

from engine.registry import HOOKS

from ._hook import Hook
from ._runner_like import RunnerLike


@HOOKS.register_module()
class IterTimerHook(Hook):
    """Logs the time of each iteration and of its data loading, in seconds, and the ETA."""

    priority = "NORMAL"

    def __init__(self) -> None:
        self._mark = 0.0
        self._train_seconds = 0.0
        self._start_iter = 0

    def before_train(self, runner: RunnerLike) -> None:
        """Begin to count anew."""
        self._train_seconds, self._start_iter = 0.0, runner.iter

    def after_val(self, runner: RunnerLike) -> None:
        """Leave the validation out of the iteration after it."""
        self._mark = time.perf_counter()

    def _before_epoch(self, runner: RunnerLike, mode: str = "train") -> None:
        self._mark = time.perf_counter()

    def _before_iter(
        self, runner: RunnerLike, batch_idx: int, data_batch: Any = None, mode: str = "train"
    ) -> None:
        waited = time.perf_counter() - self._mark
        runner.message_hub.update_scalar(f"{mode}/data_time", waited)

    def _after_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None:
        now = time.perf_counter()
        seconds, self._mark = now - self._mark, now
        hub = runner.message_hub
        hub.update_scalar(f"{mode}/time", seconds)
        if mode == "train":
            self._train_seconds += seconds
            done = runner.iter + 1
            seconds_each = self._train_seconds / (done - self._start_iter)
            hub.update_info("eta", seconds_each * (runner.max_iters - done))
