"""Buffers that are the same in all processes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.dist import all_reduce, is_distributed
from engine.registry import HOOKS

from ._hook import Hook

if TYPE_CHECKING:
    from engine.runner import Runner

_SYNCED = "buffers_synced_at_iter"


@HOOKS.register_module()
class SyncBuffersHook(Hook):
    """Averages buffers, such as the statistics of batch normalisation, over the processes.

    It does so at the end of each epoch, and before a validation that comes within one. Buffers that
    are not floating point are left as they are.
    """

    priority = "NORMAL"

    def before_val_epoch(self, runner: Runner) -> None:
        """Average, unless that was done since the last iteration."""
        if runner.message_hub.get_info(_SYNCED) != runner.iter:
            _sync(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Average."""
        _sync(runner)


@torch.no_grad()
def _sync(runner: Runner) -> None:
    if not is_distributed():
        return
    by_kind: dict[tuple[torch.device, torch.dtype], list[Tensor]] = defaultdict(list)
    for buffer in runner.model.buffers():
        if buffer.is_floating_point():
            by_kind[buffer.device, buffer.dtype].append(buffer)
    for buffers in by_kind.values():
        flat = torch.cat([buffer.flatten() for buffer in buffers])
        all_reduce(flat, "mean")  # one message for all
        parts = flat.split([buffer.numel() for buffer in buffers])
        for buffer, part in zip(buffers, parts, strict=True):
            buffer.copy_(part.view_as(buffer))
    # In the message hub, so that a resumed run does not average once more than one that went on.
    runner.message_hub.update_info(_SYNCED, runner.iter)
