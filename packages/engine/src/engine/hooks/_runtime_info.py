"""The facts of the moment, told to the message hub."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from engine.registry import HOOKS

from ._hook import Hook

if TYPE_CHECKING:
    from engine.runner import Runner


@HOOKS.register_module()
class RuntimeInfoHook(Hook):
    """Writes losses, learning rates, metrics and the position of the run to the message hub."""

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Tell what the run is."""
        runner.message_hub.update_info_dict(
            {"seed": runner.seed, "experiment_name": runner.experiment_name}
        )

    def before_train(self, runner: Runner) -> None:
        """Tell how far the training is, and how far it goes."""
        runner.message_hub.update_info_dict(
            {
                "loop_stage": "train",
                "epoch": runner.epoch,
                "iter": runner.iter,
                "max_epochs": runner.max_epochs,
                "max_iters": runner.max_iters,
            }
        )

    def after_train(self, runner: Runner) -> None:
        """Tell that the training is over."""
        runner.message_hub.pop_info("loop_stage")

    def before_train_epoch(self, runner: Runner) -> None:
        """Tell the epoch."""
        runner.message_hub.update_info("epoch", runner.epoch)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Tell the iteration and its learning rate."""
        hub = runner.message_hub
        hub.update_info("iter", runner.train_loop.iter)
        for name, rates in runner.optim_wrapper.get_lr().items():
            hub.update_scalar(f"train/{name}", rates[0])

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the losses."""
        for name, value in (outputs or {}).items():
            runner.message_hub.update_scalar(f"train/{name}", value)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Tell the metrics."""
        _tell(runner, "val", metrics)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Tell the metrics."""
        _tell(runner, "test", metrics)


def _tell(runner: Runner, mode: str, metrics: Mapping[str, Any] | None) -> None:
    for name, value in (metrics or {}).items():
        if isinstance(value, Real):
            runner.message_hub.update_scalar(f"{mode}/{name}", value)
        else:
            runner.message_hub.update_info(f"{mode}/{name}", value, resumed=False)
