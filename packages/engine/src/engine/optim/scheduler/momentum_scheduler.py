"""Momentum schedulers."""

from __future__ import annotations

from typing import Any

from engine.registry import PARAM_SCHEDULERS

from ._base import _OneOptionMixin
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

    Where the parameter groups have no `momentum` but `betas`, as those of Adam and its kin, the
    first of the betas is the momentum.
    """

    _option = "momentum"

    def _read_value(self, group: dict[str, Any]) -> float:
        if "momentum" not in group and "betas" in group:
            return float(group["betas"][0])
        return super()._read_value(group)

    def _write(self, group: dict[str, Any], value: float) -> None:
        if "momentum" not in group and "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        else:
            super()._write(group, value)


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
