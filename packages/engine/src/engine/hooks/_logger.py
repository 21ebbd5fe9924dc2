"""Log lines and tracked scalars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.registry import HOOKS

from ._hook import Hook

if TYPE_CHECKING:
    from engine.runner import Runner


@HOOKS.register_module()
class LoggerHook(Hook):
    """Writes what the log processor makes of the message hub to the log and the visual back ends.

    Args:
        interval: How many iterations lie between two lines; in training they count on from one
            epoch to the next.
        ignore_last: Whether the end of an epoch, where no interval ends, goes without a line.
        log_metric_by_epoch: Whether the step of a metric is the epoch; else it is the iteration.

    Raises:
        ValueError: If `interval` is less than 1.
    """

    priority = "BELOW_NORMAL"

    def __init__(
        self, interval: int = 10, ignore_last: bool = True, log_metric_by_epoch: bool = True
    ) -> None:
        if interval < 1:
            raise ValueError(f"LoggerHook: interval is at least 1; got {interval}")
        self.interval = interval
        self.ignore_last = ignore_last
        self.log_metric_by_epoch = log_metric_by_epoch

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Log the training."""
        due = self.every_n_train_iters(runner, self.interval)
        if not due and not self.ignore_last:
            due = self.end_of_epoch(runner.train_dataloader, batch_idx)
        if due:
            values, line = runner.log_processor.get_log_after_iter(runner, batch_idx, "train")
            runner.logger.info(line)
            runner.visualizer.add_scalars(values, step=runner.iter + 1)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the validation is."""
        if self.every_n_inner_iters(batch_idx, self.interval):
            runner.logger.info(runner.log_processor.get_log_after_iter(runner, batch_idx, "val")[1])

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the test is."""
        if self.every_n_inner_iters(batch_idx, self.interval):
            runner.logger.info(
                runner.log_processor.get_log_after_iter(runner, batch_idx, "test")[1]
            )

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of a validation."""
        by_epoch = self.log_metric_by_epoch and runner.log_processor.by_epoch
        step = runner.epoch if by_epoch else runner.iter
        values, line = runner.log_processor.get_log_after_epoch(runner, metrics or {}, "val")
        runner.logger.info(line)
        runner.visualizer.add_scalars(values, step=step)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of the test."""
        _, line = runner.log_processor.get_log_after_epoch(runner, metrics or {}, "test")
        runner.logger.info(line)

    def after_run(self, runner: Runner) -> None:
        """Close the visual back ends."""
        runner.visualizer.close()
