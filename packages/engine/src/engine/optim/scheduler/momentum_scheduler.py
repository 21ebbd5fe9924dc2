"""Momentum schedulers."""

from __future__ import annotations

from typing import Any

from engine.registry import PARAM_SCHEDULERS

from ._base import HasParamGroups, _OneOptionMixin
from ._curves import CosineAnnealingParamScheduler, CosineRestartParamScheduler, PolyParamScheduler
from ._plateau import ReduceOnPlateauParamScheduler
from ._steps import (
    ConstantParamScheduler,
    ExponentialParamScheduler,
    LinearParamScheduler,
    MultiStepParamScheduler,
    StepParamScheduler,
)


class MomentumSchedulerMixin(_OneOptionMixin):
    """Turn a schedule of any option into one of the momentum.

    Where the parameter groups have `betas`, as those of Adam and its kin, the first of the betas is
    the momentum, and `momentum` in the groups is kept equal to it.

    Raises:
        ValueError: If the parameter groups have neither.
    """

    _option = "momentum"

    def __init__(self, optimizer: HasParamGroups, *args: Any, **kwargs: Any) -> None:
        for group in getattr(optimizer, "param_groups", ()):
            if "betas" in group:
                group["momentum"] = group["betas"][0]
            elif "momentum" not in group:
                raise ValueError(
                    f"{type(self).__name__} needs an optimizer with a momentum; its parameter "
                    f"groups have {', '.join(group)}"
                )
        super().__init__(optimizer, *args, **kwargs)

    def _write(self, group: dict[str, Any], value: float) -> None:
        super()._write(group, value)
        if "betas" in group:
            group["betas"] = (group["momentum"], *group["betas"][1:])


@PARAM_SCHEDULERS.register_module()
class ConstantMomentum(MomentumSchedulerMixin, ConstantParamScheduler):
    """Multiply the momentum by a constant factor until the last step before `end`.

    The arguments are those of `ConstantParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class CosineAnnealingMomentum(MomentumSchedulerMixin, CosineAnnealingParamScheduler):
    """Move the momentum along a cosine, from its base value down to a limit.

    The arguments are those of `CosineAnnealingParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class CosineRestartMomentum(MomentumSchedulerMixin, CosineRestartParamScheduler):
    """Move the momentum down along a cosine several times, each time from a new start.

    The arguments are those of `CosineRestartParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class ExponentialMomentum(MomentumSchedulerMixin, ExponentialParamScheduler):
    """Multiply the momentum by `gamma` at each step.

    The arguments are those of `ExponentialParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class LinearMomentum(MomentumSchedulerMixin, LinearParamScheduler):
    """Move the factor of the momentum on a straight line.

    The arguments are those of `LinearParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class MultiStepMomentum(MomentumSchedulerMixin, MultiStepParamScheduler):
    """Multiply the momentum by `gamma` at each milestone.

    The arguments are those of `MultiStepParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class PolyMomentum(MomentumSchedulerMixin, PolyParamScheduler):
    """Move the momentum along a polynomial down to a limit.

    The arguments are those of `PolyParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class ReduceOnPlateauMomentum(MomentumSchedulerMixin, ReduceOnPlateauParamScheduler):
    """Reduce the momentum when a metric has stopped to improve.

    The arguments are those of `ReduceOnPlateauParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class StepMomentum(MomentumSchedulerMixin, StepParamScheduler):
    """Multiply the momentum by `gamma` every `step_size` steps.

    The arguments are those of `StepParamScheduler` without `param_name`.
    """
