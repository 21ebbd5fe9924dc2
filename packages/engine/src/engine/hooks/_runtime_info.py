"""Runtime information in the message hub: values of the training, times, ETA."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from numbers import Real
from typing import Any

from engine.registry import HOOKS

from ._hook import Hook, RunnerLike

# The values that a run logs itself, and the names that others of these names get, which are
# different for different names.
_OF_THE_RUN = re.compile(
    r"(?:time|data_time|step|epoch|iter|memory|grad_norm|(?:.+\.)?(?:base_)?lr)(?:_value)*"
)


@HOOKS.register_module()
class RuntimeInfoHook(Hook):
    """Writes losses, learning rates, metrics and the position of the run to the message hub.

    A loss or metric with the name of a value that the run logs itself, `time` for example, is
    logged as `time_value`. A metric that is an array or tensor with one element counts as a number.

    While a loop runs, `loop_stage` is `'train'`, `'val'` or `'test'`. `dataset_meta` is what is
    known about the training data.
    """

    priority: str | int = "VERY_HIGH"

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], str] = {}
        self._facts: dict[str, set[str]] = {"val": set(), "test": set()}
        self._outer_stage: str | None = None

    def before_run(self, runner: RunnerLike) -> None:
        """Tell what the run is."""
        runner.message_hub.update_info_dict(
            {"seed": runner.seed, "experiment_name": runner.experiment_name}
        )

    def before_train(self, runner: RunnerLike) -> None:
        """Tell how far the training is, and how far it goes."""
        hub, dataset = runner.message_hub, runner.train_dataloader.dataset
        hub.update_info("loop_stage", "train", resumed=False)
        hub.update_info("dataset_meta", getattr(dataset, "metainfo", None), resumed=False)
        hub.update_info_dict(
            {
                "epoch": runner.epoch,
                "iter": runner.iter,
                "max_epochs": runner.max_epochs,
                "max_iters": runner.max_iters,
            }
        )

    def after_train(self, runner: RunnerLike) -> None:
        """Tell that the training is over."""
        runner.message_hub.pop_info("loop_stage")

    def before_train_epoch(self, runner: RunnerLike) -> None:
        """Tell the epoch."""
        runner.message_hub.update_info("epoch", runner.epoch)

    def before_train_iter(self, runner: RunnerLike, batch_idx: int, data_batch: Any = None) -> None:
        """Tell the iteration and its learning rate."""
        hub = runner.message_hub
        hub.update_info("iter", runner.train_loop.iter)
        for name, rates in runner.optim_wrapper.get_lr().items():
            hub.update_scalar(f"train/{name}", rates[0])

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the losses."""
        for name, value in (outputs or {}).items():
            key = self._keys.get(("train", name)) or self._new_key(runner, "train", name)
            runner.message_hub.update_scalar(key, value)

    def before_val(self, runner: RunnerLike) -> None:
        """Tell the loop."""
        self._enter(runner, "val")

    def before_test(self, runner: RunnerLike) -> None:
        """Tell the loop."""
        self._enter(runner, "test")

    def after_val(self, runner: RunnerLike) -> None:
        """Tell that the training goes on, or that no loop runs."""
        self._leave(runner)

    def after_test(self, runner: RunnerLike) -> None:
        """Tell that no loop runs."""
        self._leave(runner)

    def after_run(self, runner: RunnerLike) -> None:
        """Tell that no loop runs, after one that was interrupted as well."""
        runner.message_hub.pop_info("loop_stage")

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Tell the metrics."""
        self._tell(runner, "val", metrics)

    def after_test_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Tell the metrics."""
        self._tell(runner, "test", metrics)

    def _enter(self, runner: RunnerLike, stage: str) -> None:
        self._outer_stage = runner.message_hub.pop_info("loop_stage")
        runner.message_hub.update_info("loop_stage", stage, resumed=False)

    def _leave(self, runner: RunnerLike) -> None:
        runner.message_hub.pop_info("loop_stage")
        if self._outer_stage is not None:
            runner.message_hub.update_info("loop_stage", self._outer_stage, resumed=False)

    def _tell(self, runner: RunnerLike, mode: str, metrics: Mapping[str, Any] | None) -> None:
        former, self._facts[mode] = self._facts[mode], set()
        for key in former:  # what this evaluation does not give is none of its metrics
            runner.message_hub.pop_info(key)
        for name, given in (metrics or {}).items():
            key = self._keys.get((mode, name)) or self._new_key(runner, mode, name)
            value = _number_in(given)
            if isinstance(value, Real):
                runner.message_hub.update_scalar(key, value)
            else:
                self._facts[mode].add(key)
                runner.message_hub.update_info(key, value, resumed=False)

    def _new_key(self, runner: RunnerLike, mode: str, name: str) -> str:
        own = f"{name}_value" if _OF_THE_RUN.fullmatch(name) else name
        if own != name:
            runner.logger.warning(
                "The run logs a %s of its own; what the %s gives by this name is logged as %s",
                name,
                "model" if mode == "train" else "evaluator",
                own,
            )
        return self._keys.setdefault((mode, name), f"{mode}/{own}")


def _number_in(value: Any) -> Any:
    """Return the number in an array or tensor with one element, and any other value as it is."""
    is_array = hasattr(value, "shape") and hasattr(value, "item")
    return value.item() if is_array and math.prod(value.shape) == 1 else value


_ETA_SECONDS = 0.1  # of training between two looks at how much is left


@HOOKS.register_module()
class IterTimerHook(Hook):
    """Logs the time of each iteration and of its data loading, in seconds, and the ETA."""

    priority: str | int = "NORMAL"

    def __init__(self) -> None:
        self._mark = 0.0
        self._train_seconds = 0.0
        self._next_eta = 0.0  # after so many seconds
        self._start_iter = 0

    def before_train(self, runner: RunnerLike) -> None:
        """Begin to count anew."""
        self._train_seconds, self._next_eta, self._start_iter = 0.0, 0.0, runner.iter

    def after_train(self, runner: RunnerLike) -> None:
        """Tell how much would be left: nothing, unless the training was stopped."""
        if runner.iter > self._start_iter:
            self._tell_eta(runner, runner.iter)

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
            if self._train_seconds >= self._next_eta:
                self._next_eta = self._train_seconds + _ETA_SECONDS
                self._tell_eta(runner, runner.iter + 1)

    def _tell_eta(self, runner: RunnerLike, done: int) -> None:
        seconds_each = self._train_seconds / (done - self._start_iter)
        runner.message_hub.update_info("eta", seconds_each * (runner.max_iters - done))
