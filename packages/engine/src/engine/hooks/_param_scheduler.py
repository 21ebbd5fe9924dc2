"""Steps of the parameter schedulers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import HOOKS

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
class ParamSchedulerHook(Hook):
    """Steps the parameter schedulers: by iteration, by epoch, or by the metrics of a validation."""

    priority: str | int = "LOW"

    def __init__(self) -> None:
        self._counts_iters = True

    def before_run(self, runner: RunnerLike) -> None:
        """Find out whether there is something to do after each iteration."""
        self._counts_iters = any(not each.by_epoch for each in runner.param_schedulers)

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Step those that count iterations."""
        for scheduler in runner.param_schedulers:
            if not scheduler.by_epoch:
                scheduler.step()

    def after_train_epoch(self, runner: RunnerLike) -> None:
        """Step those that count epochs."""
        for scheduler in runner.param_schedulers:
            if scheduler.by_epoch and not scheduler.need_val_args:
                scheduler.step()

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Step those that wait for a metric."""
        for scheduler in runner.param_schedulers:
            if scheduler.need_val_args:
                scheduler.step(metrics)

    def _overrides(self, point: str) -> bool:
        return super()._overrides(point) and (self._counts_iters or point != "after_train_iter")
