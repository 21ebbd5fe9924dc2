"""Release of cached device memory."""

from __future__ import annotations

from typing import Any

import torch

from engine.registry import HOOKS
from engine.utils import check_types

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
class EmptyCacheHook(Hook):
    """Hands unused memory of the device back at points of training, validation and test.

    That takes time, and gives the run itself no more memory; other programs may need it.

    Args:
        before_epoch: Whether to do so before each epoch.
        after_epoch: Whether to do so after each epoch.
        after_iter: Whether to do so after each iteration.
    """

    priority: str | int = "NORMAL"

    @check_types
    def __init__(
        self, before_epoch: bool = False, after_epoch: bool = True, after_iter: bool = False
    ) -> None:
        self._wanted = {
            "before_epoch": before_epoch,
            "after_epoch": after_epoch,
            "after_iter": after_iter,
        }

    def _before_epoch(self, runner: RunnerLike, mode: str = "train") -> None:
        _empty(runner)

    def _after_epoch(self, runner: RunnerLike, mode: str = "train") -> None:
        _empty(runner)

    def _after_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None:
        _empty(runner)

    def _overrides(self, point: str) -> bool:
        when, _, rest = point.partition("_")
        what = rest.rpartition("_")[2]
        return super()._overrides(point) and self._wanted.get(f"{when}_{what}", True)


def _empty(runner: RunnerLike) -> None:
    module = torch.get_device_module(runner.strategy.device)
    empty_cache = getattr(module, "empty_cache", None)  # the CPU has none
    if empty_cache is not None:
        empty_cache()
