"""Hooks for several processes: epoch numbers of samplers, averaged buffers."""

from __future__ import annotations

from engine.dataset import set_epoch
from engine.dist import all_reduce_params, is_distributed
from engine.registry import HOOKS

from ._hook import Hook, RunnerLike

_SYNCED = "buffers_synced_at_iter"


@HOOKS.register_module()
class DistSamplerSeedHook(Hook):
    """Tells the sampler the epoch, so that each has an order of its own.

    The loops of the engine do so themselves; this is for a loop that iterates over its data loader.
    """

    priority: str | int = "NORMAL"

    def before_train_epoch(self, runner: RunnerLike) -> None:
        """Tell the sampler, or that of the batch sampler."""
        loader = runner.train_dataloader
        set_epoch(runner.epoch, loader.sampler, getattr(loader.batch_sampler, "sampler", None))


@HOOKS.register_module()
class SyncBuffersHook(Hook):
    """Averages buffers, such as the statistics of batch normalization, over the processes.

    It does so at the end of each epoch, and before a validation that comes within one. Buffers that
    are not floating point are left as they are.
    """

    priority: str | int = "NORMAL"

    def before_val_epoch(self, runner: RunnerLike) -> None:
        """Average, unless that was done since the last iteration."""
        if runner.message_hub.get_info(_SYNCED) != runner.iter:
            _sync(runner)

    def after_train_epoch(self, runner: RunnerLike) -> None:
        """Average."""
        _sync(runner)


def _sync(runner: RunnerLike) -> None:
    if not is_distributed():
        return
    all_reduce_params(
        (buffer for buffer in runner.model.buffers() if buffer.is_floating_point()), op="mean"
    )
    # In the message hub, so that a resumed run does not average once more than one that went on.
    runner.message_hub.update_info(_SYNCED, runner.iter)
