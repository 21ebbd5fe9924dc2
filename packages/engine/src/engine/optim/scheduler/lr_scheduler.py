"""Learning rate schedulers."""

from __future__ import annotations

from engine.registry import PARAM_SCHEDULERS

from ._base import _OneOptionMixin
from ._curves import (
    CosineAnnealingParamScheduler,
    CosineRestartParamScheduler,
    OneCycleParamScheduler,
    PolyParamScheduler,
)
from ._plateau import ReduceOnPlateauParamScheduler
from ._steps import (
    ConstantParamScheduler,
    ExponentialParamScheduler,
    LinearParamScheduler,
    MultiStepParamScheduler,
    StepParamScheduler,
)


class LRSchedulerMixin(_OneOptionMixin):
    """Turn a schedule of any option into one of the learning rate."""

    _option = "lr"


@PARAM_SCHEDULERS.register_module()
class ConstantLR(LRSchedulerMixin, ConstantParamScheduler):
    """Multiply the learning rate by a constant factor until the last step before `end`.

    The arguments are those of `ConstantParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class CosineAnnealingLR(LRSchedulerMixin, CosineAnnealingParamScheduler):
    """Move the learning rate along a cosine, from its base value down to a limit.

    The arguments are those of `CosineAnnealingParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class CosineRestartLR(LRSchedulerMixin, CosineRestartParamScheduler):
    """Move the learning rate down along a cosine several times, each time from a new start.

    The arguments are those of `CosineRestartParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class ExponentialLR(LRSchedulerMixin, ExponentialParamScheduler):
    """Multiply the learning rate by `gamma` at each step.

    The arguments are those of `ExponentialParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class LinearLR(LRSchedulerMixin, LinearParamScheduler):
    """Move the factor of the learning rate on a straight line.

    The arguments are those of `LinearParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class MultiStepLR(LRSchedulerMixin, MultiStepParamScheduler):
    """Multiply the learning rate by `gamma` at each milestone.

    The arguments are those of `MultiStepParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class OneCycleLR(LRSchedulerMixin, OneCycleParamScheduler):
    """Move the learning rate up to a peak and then far below its start, within one cycle.

    The arguments are those of `OneCycleParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class PolyLR(LRSchedulerMixin, PolyParamScheduler):
    """Move the learning rate along a polynomial down to a limit.

    The arguments are those of `PolyParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class ReduceOnPlateauLR(LRSchedulerMixin, ReduceOnPlateauParamScheduler):
    """Reduce the learning rate when a metric has stopped to improve.

    The arguments are those of `ReduceOnPlateauParamScheduler` without `param_name`.
    """


@PARAM_SCHEDULERS.register_module()
class StepLR(LRSchedulerMixin, StepParamScheduler):
    """Multiply the learning rate by `gamma` every `step_size` steps.

    The arguments are those of `StepParamScheduler` without `param_name`.
    """
