"""Early stopping."""

from __future__ import annotations

import math
from typing import Any

from engine.evaluator import get_metric_value
from engine.registry import HOOKS
from engine.utils import check_types, improvement

from ._hook import Hook, RunnerLike
from ._metric_rule import checked_rule, rule_of

_STATE = "early_stopping"


@HOOKS.register_module()
class EarlyStoppingHook(Hook):
    """Ends the training when a metric does not improve any more, or is good enough.

    A NaN is never the best value, and any number is better. What the hook has seen so far is in the
    checkpoints. A training that was ended ends again at once when it is resumed, unless the options
    now say otherwise.

    Args:
        monitor: The metric.
        rule: Whether `'greater'` or `'less'` is better; None infers it from the metric's name.
        min_delta: By how much, at least, a value must be better than the best one before, to count
            as an improvement.
        strict: Whether a validation without the metric is an error; else it is logged once.
        check_finite: Whether the training ends when the metric is NaN or infinite.
        patience: After how many validations in a row without an improvement the training ends.
        stopping_threshold: The value with which the training ends at once; None means none.

    Raises:
        ValueError: If the rule is unknown or needed and not given, or a number is out of range.
    """

    priority: str | int = "LOWEST"

    names_metrics: tuple[str, ...] = ("monitor",)

    @check_types
    def __init__(
        self,
        monitor: str,
        rule: str | None = None,
        min_delta: float = 0.1,
        strict: bool = False,
        check_finite: bool = True,
        patience: int = 5,
        stopping_threshold: float | None = None,
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStoppingHook: patience is at least 1; got {patience}")
        if min_delta < 0:
            raise ValueError(f"EarlyStoppingHook: min_delta is at least 0; got {min_delta}")
        self.monitor = monitor
        self.rule: str = rule_of(monitor, "monitor") if rule is None else checked_rule(rule)
        self.min_delta = min_delta
        self.strict = strict
        self.check_finite = check_finite
        self.patience = patience
        self.stopping_threshold = stopping_threshold
        self._has_warned = False

    def before_run(self, runner: RunnerLike) -> None:
        """Make sure that the training loop can be told to stop.

        Raises:
            TypeError: If it has no `stop_training`.
        """
        if runner.train_loop is not None and not hasattr(runner.train_loop, "stop_training"):
            raise TypeError(
                f"EarlyStoppingHook: {type(runner.train_loop).__name__} has no stop_training, by "
                "which a training loop is told to stop"
            )

    def before_train(self, runner: RunnerLike) -> None:
        """Forget a former training; end again one that had ended."""
        if runner.iter == 0:
            runner.message_hub.pop_info(_STATE)
        else:
            self._stop_if_due(runner)

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Decide whether to end the training.

        Raises:
            ValueError: If the metric is missing and `strict` is set.
        """
        if runner.train_loop is None:
            return
        try:
            score = float(get_metric_value(self.monitor, metrics or {}))
        except ValueError as error:
            if self.strict:
                raise ValueError(f"EarlyStoppingHook: {error}") from None
            if not self._has_warned:
                self._has_warned = True
                runner.logger.warning("The training is not stopped early: %s", error)
            return
        state = self._state(runner)
        gain = improvement(score, state["best"], self.rule)
        if gain > 0 and gain >= self.min_delta:
            state.update(best=score, waited=0)
        elif state["best"] is not None:  # until there is a score, there is none to wait for
            state["waited"] += 1
        state["score"] = score
        runner.message_hub.update_info(_STATE, state)
        self._stop_if_due(runner)

    def _stop_if_due(self, runner: RunnerLike) -> None:
        reason = self._reason(**self._state(runner))
        if reason:
            runner.train_loop.stop_training = True
            runner.logger.info("The training ends early: %s", reason)

    def _state(self, runner: RunnerLike) -> dict[str, Any]:
        unseen = {"best": None, "waited": 0, "score": None}
        return dict(runner.message_hub.get_info(_STATE, unseen))

    def _reason(self, best: float | None, waited: int, score: float | None) -> str:
        if score is None:
            return ""
        if self.check_finite and not math.isfinite(score):
            return f"{self.monitor} is {score}"
        limit = self.stopping_threshold
        if limit is not None and improvement(score, limit, self.rule) >= 0:
            return f"{self.monitor} is {score:g}, and {limit:g} is good enough"
        if waited >= self.patience:
            return f"{self.monitor} was {best:g} at best, {waited} validations ago"
        return ""
