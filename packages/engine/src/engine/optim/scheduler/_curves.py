"""Cosine and polynomial schedules."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from engine.registry import PARAM_SCHEDULERS
from engine.utils import check_types

from ._base import INF, HasParamGroups, _ParamScheduler, _ScaledParamScheduler


class _LowerLimit(_ScaledParamScheduler):
    """A curve above a lower limit, given as a value or as a ratio of the base value."""

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        eta_min: float | None,
        eta_min_ratio: float | None,
        *args: Any,
    ) -> None:
        if eta_min is not None and eta_min_ratio is not None:
            raise ValueError(
                f"{type(self).__name__} takes eta_min or eta_min_ratio, not both; "
                f"got {eta_min} and {eta_min_ratio}"
            )
        self.eta_min: float = eta_min or 0.0
        self.eta_min_ratio = eta_min_ratio
        super().__init__(optimizer, param_name, *args)

    def _floor(self, base: float) -> float:
        return self.eta_min if self.eta_min_ratio is None else base * self.eta_min_ratio


@PARAM_SCHEDULERS.register_module()
class CosineAnnealingParamScheduler(_LowerLimit):
    """Move the value along a cosine, from its base value down to a limit, and up again after it.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
    2017, without the restarts.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        T_max: The number of steps down to the limit; by default, `end - begin`, for which a
            runner takes the end of its training.
        eta_min: The limit; by default, 0.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.
        eta_min_ratio: The limit as a ratio of the base value, in place of `eta_min`.

    Raises:
        ValueError: If both forms of the limit are given, or `T_max` is less than 1.
    """

    _step_args = ("T_max",)
    _needs_end, _length_arg = True, "T_max"

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        T_max: float | None = None,
        eta_min: float | None = None,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
        eta_min_ratio: float | None = None,
    ) -> None:
        self.T_max: float = self._length(begin, end, T_max)
        if self.T_max < 1:
            raise ValueError(f"{type(self).__name__}: T_max must be 1 or more, got {self.T_max}")
        options = (begin, end, last_step, by_epoch, verbose)
        super().__init__(optimizer, param_name, eta_min, eta_min_ratio, *options)

    def _scale(self, step: int) -> float:
        return _half_cosine(step / self.T_max)


@PARAM_SCHEDULERS.register_module()
class CosineRestartParamScheduler(_LowerLimit):
    """Move the value down along a cosine several times, each time from a new start.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
    2017. After the last period the value stays at the limit.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        periods: The number of steps of each period.
        restart_weights: The height at which each period starts; 1 is the base value.
        eta_min: The limit; by default, 0.
        eta_min_ratio: The limit as a ratio of the base value, in place of `eta_min`.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If there is not one weight per period, or both forms of the limit are given.
    """

    _step_args = ("periods",)

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        periods: Sequence[int],
        restart_weights: Sequence[float] = (1,),
        eta_min: float | None = None,
        eta_min_ratio: float | None = None,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if len(periods) != len(restart_weights):
            raise ValueError(
                f"{type(self).__name__} needs one restart weight per period; "
                f"got {len(periods)} periods and {len(restart_weights)} weights"
            )
        self.periods: list[int] = list(periods)
        self.restart_weights: list[float] = list(restart_weights)
        self.cumulative_periods: list[int] = [*accumulate(self.periods)]
        options = (begin, end, last_step, by_epoch, verbose)
        super().__init__(optimizer, param_name, eta_min, eta_min_ratio, *options)

    def _get_value(self) -> list[float]:
        step = self.last_step
        return [
            self._move(value, base, self._height(step, base), self._height(step - 1, base))
            for value, base in zip(self._values(), self.base_values, strict=True)
        ]

    def _height(self, step: int, base: float) -> float:
        """Return the height above the limit, as a part of that of the base value."""
        floor = self._floor(base)
        if step < 0 or base == floor:
            return 1.0
        weight = self.restart_weights[min(self._period(step), len(self.periods) - 1)]
        return (weight * base - floor) / (base - floor) * self._scale(step)

    def _scale(self, step: int) -> float:
        period = self._period(step)
        if period == len(self.periods):
            return 0.0
        start = self.cumulative_periods[period] - self.periods[period]
        return _half_cosine((step - start) / self.periods[period])

    def _period(self, step: int) -> int:
        return bisect_right(self.cumulative_periods, step)


@PARAM_SCHEDULERS.register_module()
class PolyParamScheduler(_LowerLimit):
    """Move the value along a polynomial down to a limit, reached at the last step before `end`.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        eta_min: The limit.
        power: The power of the polynomial; 1 is a straight line.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If there is no `end`; a runner takes it from its training loop.
    """

    _needs_end = True

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        eta_min: float = 0,
        power: float = 1.0,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.power = power
        self.total_iters: float = self._length(begin, end) - 1
        options = (begin, end, last_step, by_epoch, verbose)
        super().__init__(optimizer, param_name, eta_min, None, *options)

    def _scale(self, step: int) -> float:
        if step >= self.total_iters:
            return 0.0
        return float((1 - step / self.total_iters) ** self.power)


@PARAM_SCHEDULERS.register_module()
class OneCycleParamScheduler(_ParamScheduler):
    """Move the value up to a peak and then far below its start, all within one cycle.

    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates", 2018. The cycle sets absolute values: it can't be chained with other schedules
    at the same time. After it, the value stays where it ended.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        eta_max: The peak.
        total_steps: The number of steps of the cycle; by default, `end - begin`, for which a
            runner takes the end of its training.
        pct_start: The part of the cycle that goes up, in [0, 1].
        anneal_strategy: `'cos'` or `'linear'`.
        div_factor: The peak divided by the start.
        final_div_factor: The start divided by the final value.
        three_phase: Whether to come down to the start as fast as the way up, and only then lower.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether time is counted in epochs or iterations.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If an option is out of its range.
    """

    _step_args = ("total_steps",)
    _needs_end, _length_arg = True, "total_steps"

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        eta_max: float = 0,
        total_steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        name = type(self).__name__
        self.total_steps: float = self._length(begin, end, total_steps)
        if self.total_steps < 1:
            raise ValueError(f"{name}: total_steps must be 1 or more, got {total_steps}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"{name}: pct_start must be between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"{name}: anneal_strategy is 'cos' or 'linear', not {anneal_strategy!r}"
            )
        self.anneal_strategy = anneal_strategy
        start = eta_max / div_factor
        final = start / final_div_factor
        peak_at = pct_start * self.total_steps - 1
        # The corners of the curve as (step, value); between two of them it is annealed.
        self._corners = [(0.0, start), (peak_at, eta_max), (self.total_steps - 1.0, final)]
        if three_phase:
            self._corners.insert(2, (2 * peak_at, start))
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _get_value(self) -> list[float]:
        return [self._height(self.last_step)] * len(self.base_values)

    def _height(self, step: int) -> float:
        for (left, low), (right, high) in zip(self._corners, self._corners[1:], strict=False):
            if step <= right:
                progress = (step - left) / (right - left) if right > left else 1.0
                weight = _half_cosine(progress) if self.anneal_strategy == "cos" else 1 - progress
                return high + (low - high) * weight
        return self._corners[-1][1]


def _half_cosine(progress: float) -> float:
    """Fall from 1 to 0 while `progress` goes from 0 to 1."""
    return (1 + math.cos(math.pi * progress)) / 2
