"""Log lines and tracked scalars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.dist import master_only
from engine.fileio import join_path, put
from engine.registry import HOOKS

from ._hook import Hook

if TYPE_CHECKING:
    from engine.runner import Runner


@HOOKS.register_module()
class LoggerHook(Hook):
    """Writes what the log processor makes of the message hub to the log and the visual back ends.

    A loss that is NaN or infinite is reported with its iteration when a line is due.

    Args:
        interval: How many iterations lie between two lines; in training they count on from one
            epoch to the next.
        ignore_last: Whether the end of an epoch, where no interval ends, goes without a line.
        interval_exp_name: After how many iterations the name of the run is logged again.
        out_dir: A folder, or a URL that fsspec knows, to which the logs are copied when the run
            ends, below the name of the work directory; None means that they are not.
        out_suffix: The endings of the files that are copied.
        keep_local: Whether the files that were copied stay where they are as well.
        log_metric_by_epoch: Whether the step of a metric is the epoch; else it is the iteration.
        backend_args: Options of the file system behind a URL.

    Raises:
        ValueError: If `interval` is less than 1.
    """

    priority = "BELOW_NORMAL"

    def __init__(
        self,
        interval: int = 10,
        ignore_last: bool = True,
        interval_exp_name: int = 1000,
        out_dir: str | Path | None = None,
        out_suffix: str | Sequence[str] = (".json", ".log", ".py", "yaml"),
        keep_local: bool = True,
        log_metric_by_epoch: bool = True,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f"LoggerHook: interval is at least 1; got {interval}")
        self.interval = interval
        self.ignore_last = ignore_last
        self.interval_exp_name = interval_exp_name
        self.out_dir = out_dir
        self.out_suffix = (out_suffix,) if isinstance(out_suffix, str) else tuple(out_suffix)
        self.keep_local = keep_local
        self.log_metric_by_epoch = log_metric_by_epoch
        self.backend_args = backend_args
        self._checked = 0

    def before_train(self, runner: Runner) -> None:
        """Tell the visual back ends the config."""
        runner.visualizer.add_config(runner.cfg)
        self._checked = 0

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Log the training."""
        done = runner.iter + 1
        if done % self.interval and (
            self.ignore_last or not self.end_of_epoch(runner.train_dataloader, batch_idx)
        ):
            return
        values, line = runner.log_processor.get_log_after_iter(runner, batch_idx, "train")
        runner.logger.info(line)
        runner.visualizer.add_scalars(values, step=done)
        self._report_no_number(runner)
        if done % self.interval_exp_name < self.interval and done >= self.interval_exp_name:
            runner.logger.info("This is %s", runner.experiment_name)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the validation is."""
        self._log_progress(runner, batch_idx, "val")

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the test is."""
        self._log_progress(runner, batch_idx, "test")

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of a validation."""
        by_epoch = self.log_metric_by_epoch and runner.log_processor.by_epoch
        step = runner.epoch if by_epoch else runner.iter
        length = len(runner.val_dataloader)
        values, line = runner.log_processor.get_log_after_epoch(runner, length, "val")
        runner.logger.info(line)
        runner.visualizer.add_scalars(values, step=step)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of the test."""
        length = len(runner.test_dataloader)
        _, line = runner.log_processor.get_log_after_epoch(runner, length, "test")
        runner.logger.info(line)

    def after_run(self, runner: Runner) -> None:
        """Close the visual back ends, and copy the logs to where they are wanted."""
        runner.visualizer.close()
        if self.out_dir is not None:
            self._copy_logs(runner, join_path(self.out_dir, Path(runner.work_dir).name))

    def _log_progress(self, runner: Runner, batch_idx: int, mode: str) -> None:
        if self.every_n_inner_iters(batch_idx, self.interval):
            _, line = runner.log_processor.get_log_after_iter(runner, batch_idx, mode)
            runner.logger.info(line)

    def _report_no_number(self, runner: Runner) -> None:
        """Tell of the losses since the last line that are no numbers, and of the first of them."""
        history = runner.message_hub.log_scalars.get("train/loss")
        if history is None:
            return
        done, former = runner.iter + 1, self._checked
        self._checked = done
        fresh = history.last(min(self.interval, len(history), done - former))
        wrong = [number for number, loss in enumerate(fresh) if not math.isfinite(loss)]
        if wrong:
            first = done + 1 - len(fresh) + wrong[0]
            runner.logger.error(
                "The loss is %s at iteration %d, the first of %d such among the last %d",
                fresh[wrong[0]],
                first,
                len(wrong),
                len(fresh),
            )

    @master_only
    def _copy_logs(self, runner: Runner, target: str) -> None:
        folder = Path(runner.log_dir)
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name.endswith(self.out_suffix):
                name = file.relative_to(folder.parent).as_posix()
                put(file.read_bytes(), join_path(target, name), self.backend_args)
                if not self.keep_local:
                    file.unlink()
        runner.logger.info("The logs were copied to %s", target)
