"""Step and linear schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from engine.registry import PARAM_SCHEDULERS
from engine.utils import check_types

from ._base import INF, HasParamGroups, _ScaledParamScheduler


@PARAM_SCHEDULERS.register_module()
class ConstantParamScheduler(_ScaledParamScheduler):
    """Multiply the value by a constant factor until the last step before `end`.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        factor: The factor, in [0, 1].
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If the factor is not in [0, 1].
    """

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        factor: float = 1.0 / 3,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        _check_range(type(self).__name__, "factor", factor)
        self.factor = factor
        self.total_iters: float = end - begin - 1
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _scale(self, step: int) -> float:
        return self.factor if step < self.total_iters else 1.0


@PARAM_SCHEDULERS.register_module()
class LinearParamScheduler(_ScaledParamScheduler):
    """Move the factor of the value on a straight line, which ends at the last step before `end`.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        start_factor: The factor at `begin`, in (0, 1].
        end_factor: The factor at the last step before `end`, in [0, 1].
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If a factor is out of its range, or there is no `end`, which a runner takes from
            its training loop.
    """

    _needs_end = True

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        _check_range(type(self).__name__, "start_factor", start_factor)
        _check_range(type(self).__name__, "end_factor", end_factor)
        if start_factor == 0:
            raise ValueError(f"{type(self).__name__}: start_factor must be more than 0")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters: float = self._length(begin, end) - 1
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _scale(self, step: int) -> float:
        if step >= self.total_iters:
            return self.end_factor
        slope = (self.end_factor - self.start_factor) / self.total_iters
        return self.start_factor + slope * step


@PARAM_SCHEDULERS.register_module()
class ExponentialParamScheduler(_ScaledParamScheduler):
    """Multiply the value by `gamma` at each step.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        gamma: The factor of a step, also where epochs are converted to iterations: there it is the
            factor of an iteration.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.
    """

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        gamma: float,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _scale(self, step: int) -> float:
        return float(self.gamma**step)


@PARAM_SCHEDULERS.register_module()
class StepParamScheduler(_ScaledParamScheduler):
    """Multiply the value by `gamma` every `step_size` steps.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        step_size: The number of steps between two changes.
        gamma: The factor of a change.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If `step_size` is less than 1.
    """

    _step_args = ("step_size",)

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        step_size: int,
        gamma: float = 0.1,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if step_size < 1:
            raise ValueError(f"{type(self).__name__}: step_size must be 1 or more, got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _scale(self, step: int) -> float:
        return float(self.gamma ** (step // self.step_size))


@PARAM_SCHEDULERS.register_module()
class MultiStepParamScheduler(_ScaledParamScheduler):
    """Multiply the value by `gamma` at each milestone.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        milestones: The times of the changes, counted from `begin`; one that occurs twice counts
            twice.
        gamma: The factor of a change.
        last_step: How often the schedule has acted already; -1 starts anew.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.
    """

    _step_args = ("milestones",)

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        milestones: Sequence[int],
        gamma: float = 0.1,
        last_step: int = -1,
        begin: float = 0,
        end: float = INF,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.milestones: list[int] = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _scale(self, step: int) -> float:
        return float(self.gamma ** bisect_right(self.milestones, step))


def _check_range(owner: str, name: str, factor: float) -> None:
    if not 0 <= factor <= 1:
        raise ValueError(f"{owner}: {name} must be between 0 and 1, got {factor}")
