"""Epoch numbers of samplers."""

from __future__ import annotations

from engine.dataset import set_epoch
from engine.registry import HOOKS

from ._hook import Hook
from ._runner_like import RunnerLike


@HOOKS.register_module()
class DistSamplerSeedHook(Hook):
    """Tells the sampler the epoch, so that each has an order of its own.

    The loops of the engine do so themselves; this is for a loop that iterates over its data loader.
    """

    priority = "NORMAL"

    def before_train_epoch(self, runner: RunnerLike) -> None:
        """Tell the sampler, or that of the batch sampler."""
        loader = runner.train_dataloader
        set_epoch(runner.epoch, loader.sampler, getattr(loader.batch_sampler, "sampler", None))
