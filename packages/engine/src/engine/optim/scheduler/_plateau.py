"""Reduction on a plateau of a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.registry import PARAM_SCHEDULERS
from engine.utils import check_types, improvement

from ._base import INF, HasParamGroups, _ParamScheduler


@PARAM_SCHEDULERS.register_module()
class ReduceOnPlateauParamScheduler(_ParamScheduler):
    """Reduce the value when a metric has stopped to improve.

    A NaN is never an improvement, and any number is one after it.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        monitor: The name of the metric.
        rule: Whether `'less'` or `'greater'` is better.
        factor: The factor of a reduction, less than 1.
        patience: The number of steps without improvement that are accepted.
        threshold: How much better than the best a metric must be to count as an improvement.
        threshold_rule: Whether the threshold is relative to the best (`'rel'`) or `'abs'`.
        cooldown: The number of steps after a reduction that aren't counted.
        min_value: The lower limit, one for all groups or one for each.
        eps: A reduction by less than this is left out.
        begin: The time from which on the schedule acts.
        end: The time at which it ends.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Must be true: the metric comes from a validation.
        verbose: Whether to log each new value.

    Raises:
        ValueError: If an option is out of its range.
    """

    need_val_args = True

    _state = (
        *("last_step", "_global_step", "_last_value"),
        *("best", "num_bad_epochs", "cooldown_counter"),
    )
    _of_groups = (*_ParamScheduler._of_groups, "min_values")

    names_metrics: tuple[str, ...] = ("monitor",)

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        monitor: str = "loss",
        rule: str = "less",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_rule: str = "rel",
        cooldown: int = 0,
        min_value: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        name = type(self).__name__
        if not by_epoch:
            raise ValueError(f"{name} steps after a validation, so by_epoch must be True")
        if factor >= 1:
            raise ValueError(f"{name}: factor must be less than 1, got {factor}")
        if rule not in ("less", "greater"):
            raise ValueError(f"{name}: rule is 'less' or 'greater', not {rule!r}")
        if threshold_rule not in ("rel", "abs"):
            raise ValueError(f"{name}: threshold_rule is 'rel' or 'abs', not {threshold_rule!r}")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.rule = rule
        self.threshold = threshold
        self.threshold_rule = threshold_rule
        self.best: float | None = None
        self.num_bad_epochs: int = 0
        self.cooldown_counter: int = 0
        self._reduce = False
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)
        self.min_values: list[float] = self._limits(min_value)

    def step(self, metrics: Mapping[str, Any] | None = None) -> None:
        """Move on after a validation.

        Args:
            metrics: The metrics of the validation.

        Raises:
            ValueError: If the monitored metric is not among them.
        """
        if metrics is None or self.monitor not in metrics:
            raise ValueError(
                f"{type(self).__name__} monitors {self.monitor!r}, which is not among the metrics "
                f"of the validation: {', '.join(metrics or ()) or 'none'}"
            )
        if self.begin <= self._global_step + 1 < self.end:
            self._observe(float(metrics[self.monitor]))
        self._advance()
        self._reduce = False

    def _get_value(self) -> list[float]:
        values = self._values()
        if not self._reduce:
            return values
        lower = [max(v * self.factor, low) for v, low in zip(values, self.min_values, strict=True)]
        return [
            new if old - new > self.eps else old for old, new in zip(values, lower, strict=True)
        ]

    def _observe(self, metric: float) -> None:
        if self._improves(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce = True
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _improves(self, metric: float) -> bool:
        gain = improvement(metric, self.best, self.rule)
        is_relative = self.threshold_rule == "rel"
        margin = self.threshold * abs(self.best or 0.0) if is_relative else self.threshold
        return gain > margin or gain == math.inf  # infinite is also the margin of an infinite best

    def _limits(self, min_value: float | Sequence[float]) -> list[float]:
        groups = len(self.base_values)
        limits = list(min_value) if isinstance(min_value, Sequence) else [min_value] * groups
        if len(limits) != groups:
            raise ValueError(
                f"{type(self).__name__}: min_value has {len(limits)} entries, "
                f"but the optimizer has {groups} parameter groups"
            )
        return limits
