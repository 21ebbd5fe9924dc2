"""Gradual unfreezing of a backbone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from engine.model import freeze_stages, parameters_frozen_by_stage, unwrap
from engine.registry import HOOKS
from engine.utils import check_types

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
class UnfreezeHook(Hook):
    """Freezes the first stages of a backbone, and lets them learn by and by.

    `frozen_stages=(4, 2, -1), milestones=(3, 6)` freezes a ResNet for the first three epochs, its
    stem and first two stages for the next three, and nothing from then on.
    Source: Howard and Ruder, Universal Language Model Fine-tuning, 2018,
    https://arxiv.org/abs/1801.06146.

    The optimizer holds all parameters from the beginning; it leaves out what has no gradient. What
    is frozen follows from the epoch, so that a resumed training goes on in the same way.

    Args:
        frozen_stages: For each part of the training the last stage that is frozen, as in
            `engine.model.freeze_stages`; one more than `milestones`.
        milestones: The epochs or iterations, counted from 0, with which the next part begins.
        by_epoch: Whether these are epochs.
        norm_eval: Whether the batch normalizations of the backbone keep their running statistics,
            also when it learns.
        module: The name of the backbone in the model.

    Raises:
        ValueError: If the numbers don't fit together, or the milestones don't increase.
    """

    @check_types
    def __init__(
        self,
        frozen_stages: Sequence[int],
        milestones: Sequence[int],
        by_epoch: bool = True,
        norm_eval: bool = False,
        module: str = "backbone",
    ) -> None:
        if len(frozen_stages) != len(milestones) + 1:
            raise ValueError(
                "UnfreezeHook: frozen_stages has one number more than milestones; got "
                f"{tuple(frozen_stages)} and {tuple(milestones)}"
            )
        if sorted({*milestones}) != [*milestones] or min(milestones, default=1) < 1:
            raise ValueError(
                f"UnfreezeHook: milestones increase, from 1 on; got {tuple(milestones)}"
            )
        self.frozen_stages: tuple[int, ...] = tuple(frozen_stages)
        self.milestones: tuple[int, ...] = tuple(milestones)
        self.by_epoch = by_epoch
        self.norm_eval = norm_eval
        self.module = module

    def before_train(self, runner: RunnerLike) -> None:
        """Freeze what is frozen at this point of the training.

        Raises:
            ValueError: If the model has no such module, its wrapper for several processes can't do
                with parameters that have no gradient, or the optimizer was made without some.
        """
        model = runner.model
        if isinstance(model, DistributedDataParallel) and not model.find_unused_parameters:
            raise ValueError(
                "UnfreezeHook needs model_wrapper_cfg=dict(type='MMDistributedDataParallel', "
                "find_unused_parameters=True): what is frozen now and learns later has no gradient"
            )
        self._check_optimizer(runner)
        self._freeze(runner, runner.epoch if self.by_epoch else runner.iter)

    def before_train_epoch(self, runner: RunnerLike) -> None:
        """Begin the next part, where one begins with this epoch."""
        if self.by_epoch and runner.epoch in self.milestones:
            self._freeze(runner, runner.epoch)

    def before_train_iter(
        self, runner: RunnerLike, batch_idx: int, data_batch: Mapping[str, Any] | None = None
    ) -> None:
        """Begin the next part, where one begins with this iteration."""
        if not self.by_epoch and runner.iter in self.milestones:
            self._freeze(runner, runner.iter)

    def _backbone(self, runner: RunnerLike) -> nn.Module:
        try:
            return unwrap(runner.model).get_submodule(self.module)
        except AttributeError as error:
            raise ValueError(f"UnfreezeHook: the model has no module {self.module!r}") from error

    def _check_optimizer(self, runner: RunnerLike) -> None:
        backbone = self._backbone(runner)
        groups = getattr(runner.optim_wrapper, "param_groups", None)
        known = {id(each) for group in groups or () for each in group["params"]}
        for name in parameters_frozen_by_stage(backbone) if groups else ():
            if id(backbone.get_parameter(name)) not in known:
                raise ValueError(
                    f"UnfreezeHook: {self.module}.{name} is not in the optimizer, since the "
                    f"{self.module} was built with frozen_stages; leave that to the hook alone"
                )

    def _freeze(self, runner: RunnerLike, position: int) -> None:
        backbone = self._backbone(runner)
        last = self.frozen_stages[bisect_right(self.milestones, position)]
        freeze_stages(backbone, last, self.norm_eval)
        runner.logger.info(
            "UnfreezeHook: %s", f"frozen up to stage {last}" if last >= 0 else "nothing is frozen"
        )
