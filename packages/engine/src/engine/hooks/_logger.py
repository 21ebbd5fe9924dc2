"""Logging of lines and scalars."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.dataset import length_of
from engine.dist import is_main_process, master_only
from engine.fileio import join_path, put, put_text
from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import SETS_STORAGE, WRITES_ELSEWHERE
from engine.utils import check_types

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
@needs_trust(out_dir=WRITES_ELSEWHERE, backend_args=SETS_STORAGE)
class LoggerHook(Hook):
    """Writes what the log processor makes of the message hub to the log and the visual backends.

    A loss that is NaN or infinite is reported with its iteration when a line is due, and at the
    latest when the run ends. Backends that write files write the numbers of a training to a file
    with the name of the log as well; the metrics of a test are in such a file beside the log.

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
            None means what the log processor counts.
        backend_args: Options of the file system behind a URL.

    Raises:
        ValueError: If `interval` or `interval_exp_name` is less than 1.
    """

    priority: str | int = "BELOW_NORMAL"

    @check_types
    def __init__(
        self,
        interval: int = 10,
        ignore_last: bool = True,
        interval_exp_name: int = 1000,
        out_dir: str | Path | None = None,
        out_suffix: str | Sequence[str] = (".json", ".log", ".py", "yaml"),
        keep_local: bool = True,
        log_metric_by_epoch: bool | None = None,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f"LoggerHook: interval is at least 1; got {interval}")
        if interval_exp_name < 1:
            raise ValueError(
                f"LoggerHook: interval_exp_name is at least 1; got {interval_exp_name}"
            )
        self.interval = interval
        self.ignore_last = ignore_last
        self.interval_exp_name = interval_exp_name
        self.out_dir = out_dir
        self.out_suffix: tuple[str, ...] = (
            (out_suffix,) if isinstance(out_suffix, str) else tuple(out_suffix)
        )
        self.keep_local = keep_local
        self.log_metric_by_epoch = log_metric_by_epoch
        self.backend_args = backend_args
        self._batches = 0  # of the present validation or test
        self._checked = 0  # iterations of which it is known whether the loss is a number

    def before_train(self, runner: RunnerLike) -> None:
        """Tell the visual backends the config.

        Raises:
            ValueError: If metrics are to be logged by epochs, and the training loop has none.
        """
        if self.log_metric_by_epoch:
            runner.counts_epochs(True, "LoggerHook: log_metric_by_epoch")
        self._checked = runner.iter
        runner.visualizer.add_config(runner.cfg)

    def after_train_iter(
        self,
        runner: RunnerLike,
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
        runner.visualizer.add_scalars(values, step=done, file_path=_json_name(runner))
        self._report_no_number(runner, done)
        if done % self.interval_exp_name < self.interval and done >= self.interval_exp_name:
            runner.logger.info("This is %s", runner.experiment_name)

    def after_val_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the validation is."""
        self._log_progress(runner, batch_idx, "val")

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Log how far the test is."""
        self._log_progress(runner, batch_idx, "test")

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of a validation."""
        by_epoch = self.log_metric_by_epoch
        if by_epoch is None:
            by_epoch = runner.counts_epochs(runner.log_processor.by_epoch, "LogProcessor")
        step = runner.epoch if by_epoch else runner.iter
        length = self._length(runner.val_dataloader)
        values, line = runner.log_processor.get_log_after_epoch(runner, length, "val")
        runner.logger.info(line)
        runner.visualizer.add_scalars(values, step=step, file_path=_json_name(runner))

    def after_test_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Log the metrics of the test, and write them beside the log."""
        length = self._length(runner.test_dataloader)
        values, line = runner.log_processor.get_log_after_epoch(runner, length, "test", True)
        runner.logger.info(line)
        if is_main_process():
            text = json.dumps(values, default=_listed)
            put_text(text, Path(runner.log_dir) / _json_name(runner))

    def after_run(self, runner: RunnerLike) -> None:
        """Report what no line did; close the backends, and copy the logs to where they go."""
        self._report_no_number(runner, runner.iter)
        runner.visualizer.close()
        if self.out_dir is not None:
            self._copy_logs(runner, join_path(self.out_dir, Path(runner.work_dir).name))

    def _length(self, loader: Any) -> int:
        known = length_of(loader)
        return self._batches if known is None else known

    def _log_progress(self, runner: RunnerLike, batch_idx: int, mode: str) -> None:
        self._batches = batch_idx + 1
        if self.every_n_inner_iters(batch_idx, self.interval):
            _, line = runner.log_processor.get_log_after_iter(runner, batch_idx, mode)
            runner.logger.info(line)

    def _report_no_number(self, runner: RunnerLike, done: int) -> None:
        """Tell of the losses since the last report that are no numbers, and of the first one."""
        history = runner.message_hub.log_scalars.get("train/loss")
        unchecked, self._checked = done - self._checked, done
        if not history or unchecked < 1:
            return
        fresh = history.last(min(unchecked, len(history)))
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
    def _copy_logs(self, runner: RunnerLike, target: str) -> None:
        folder = Path(runner.log_dir)
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name.endswith(self.out_suffix):
                name = file.relative_to(folder.parent).as_posix()
                put(file.read_bytes(), join_path(target, name), self.backend_args)
                if not self.keep_local:
                    file.unlink()
        runner.logger.info("The logs were copied to %s", target)


def _json_name(runner: RunnerLike) -> str:
    return f"{Path(runner.log_dir).name}.json"


def _listed(value: Any) -> Any:
    """Return an array or tensor as a list, and anything else as a text."""
    return value.tolist() if hasattr(value, "tolist") else repr(value)
