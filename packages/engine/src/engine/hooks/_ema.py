"""Exponential moving average of the weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from engine.dist import shard_like
from engine.model import BaseAveragedModel, unwrap, weights_to_cpu
from engine.registry import HOOKS, MODELS, Registry
from engine.utils import check_types

from ._hook import Hook, RunnerLike

_STATE = "ema_state_dict"
_MODULE = "module."


@HOOKS.register_module()
class EMAHook(Hook):
    """Averages the weights over the training, and validates and tests with the average.

    In a checkpoint `state_dict` holds the averaged weights, so that who loads it tests with them,
    and `ema_state_dict` the weights that are trained, under `module.`, with the number of updates,
    `steps`. A training that is resumed goes on with both; one that is begun with `load_from` begins
    a new average at the averaged weights.

    The average is updated in each iteration, whether or not the optimizer took a step in it: with
    accumulated gradients, set `interval` to the number of iterations that make a step.

    Args:
        ema_type: The class of the average in `MODELS`, a subclass of `BaseAveragedModel`.
        strict_load: Whether resuming is an error where the weights of the checkpoint are not those
            of the model; else the differences are logged.
        begin_iter: The iteration, counted from 1, with which the average begins.
        begin_epoch: The epoch, counted from 1, with which it begins. Before that the hook does
            nothing.
        **kwargs: Arguments of the average, such as `momentum`.

    Attributes:
        hands_options_to: The argument whose class takes the other ones, and where it is looked up,
            which the linter reads.
        ema_model: The average, once a run has begun.
        src_model: The model that is averaged, without its wrappers.

    Raises:
        ValueError: If both beginnings are set, or one is negative.
    """

    priority: str | int = "NORMAL"
    checkpoint_keys: Sequence[str] = (_STATE,)
    hands_options_to: ClassVar[Mapping[str, Registry[Any]]] = {"ema_type": MODELS}

    @check_types
    def __init__(
        self,
        ema_type: str = "engine.ExponentialMovingAverage",
        strict_load: bool = False,
        begin_iter: int = 0,
        begin_epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        if begin_iter < 0 or begin_epoch < 0:
            raise ValueError(
                f"EMAHook: begin_iter and begin_epoch are at least 0; got {begin_iter} and "
                f"{begin_epoch}"
            )
        if begin_iter and begin_epoch:
            raise ValueError("EMAHook: set begin_iter or begin_epoch, not both")
        self.ema_cfg: dict[str, Any] = {"type": ema_type, **kwargs}
        self.strict_load = strict_load
        self.begin_iter = begin_iter
        self.begin_epoch = begin_epoch
        self.src_model: nn.Module
        self.ema_model: BaseAveragedModel
        self._is_swapped = False
        self._loaded: Mapping[str, Any] | None = None

    def before_run(self, runner: RunnerLike) -> None:
        """Make the average; one that belongs to the model already is kept."""
        model = unwrap(runner.model)
        if getattr(self, "src_model", None) is model:
            return
        average = MODELS.build(self.ema_cfg, default_args={"model": model})
        if not isinstance(average, BaseAveragedModel):
            raise TypeError(
                f"EMAHook: ema_type is a subclass of BaseAveragedModel; got "
                f"{type(average).__name__}"
            )
        self.src_model, self.ema_model = model, average

    def before_train(self, runner: RunnerLike) -> None:
        """Begin the average, or go on with it if the training was resumed.

        Raises:
            ValueError: If the training ends before the average begins, or, with `strict_load`, the
                average of the checkpoint does not fit.
        """
        for name, most in (("epoch", runner.max_epochs), ("iter", runner.max_iters)):
            begin = getattr(self, f"begin_{name}")
            if begin > most:
                raise ValueError(
                    f"EMAHook: begin_{name}={begin} is after the end of the training, {most}"
                )
        self._recover()
        loaded, self._loaded = self._loaded, None
        if runner.iter == 0:
            self.ema_model.steps.zero_()
        elif loaded is not None:
            self._resume(runner, loaded)
        elif not int(self.ema_model.steps):
            runner.logger.warning("The checkpoint has no average of weights; a new one begins")

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Let the weights count in the average."""
        if runner.iter + 1 >= self.begin_iter and runner.epoch + 1 >= self.begin_epoch:
            self.ema_model.update_parameters(self.src_model)

    def before_val_epoch(self, runner: RunnerLike) -> None:
        """Put the averaged weights into the model."""
        self._use_average()

    def after_val_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Put the trained weights back."""
        self._recover()

    def before_test_epoch(self, runner: RunnerLike) -> None:
        """Put the averaged weights into the model."""
        self._use_average()

    def after_test_epoch(self, runner: RunnerLike, metrics: dict[str, float] | None = None) -> None:
        """Put the trained weights back."""
        self._recover()

    def after_run(self, runner: RunnerLike) -> None:
        """Put the trained weights back after an interrupted validation or test."""
        self._recover()

    def before_save_checkpoint(self, runner: RunnerLike, checkpoint: dict[str, Any]) -> None:
        """Let `state_dict` be the averaged weights, and keep the trained ones beside it."""
        if not hasattr(self, "ema_model"):  # no run has begun
            return
        state = weights_to_cpu(self.ema_model.state_dict())
        if not int(self.ema_model.steps):
            state = {key: value for key, value in state.items() if not key.startswith(_MODULE)}
        elif not self._is_swapped:
            weights = checkpoint["state_dict"] = copy.copy(checkpoint["state_dict"])
            for key in self.ema_model.averaged_keys():
                averaged = state[_MODULE + key]
                weights[key], state[_MODULE + key] = averaged.to(weights[key].dtype), weights[key]
        checkpoint[_STATE] = state
        checkpoint["meta"]["trained_weights"] = {"key": _STATE, "prefix": _MODULE}

    def after_load_checkpoint(self, runner: RunnerLike, checkpoint: dict[str, Any]) -> None:
        """Keep what a training that goes on needs; the former average ends in any case."""
        self._loaded = checkpoint.get(_STATE)
        if hasattr(self, "ema_model"):
            self._is_swapped = False
            self.ema_model.steps.zero_()

    def _use_average(self) -> None:
        self._loaded = None  # of use in `before_train` only
        # Without an update there is no average: the weights are those that were loaded.
        if not self._is_swapped and int(self.ema_model.steps):
            self.ema_model.swap_parameters(self.src_model)
            self._is_swapped = True

    def _recover(self) -> None:
        if self._is_swapped:
            self.ema_model.swap_parameters(self.src_model)
            self._is_swapped = False

    @torch.no_grad()
    def _resume(self, runner: RunnerLike, loaded: Mapping[str, Any]) -> None:
        """Take the average from the model, which was loaded with it, and the weights from `loaded`.

        Raises:
            ValueError: If they don't fit and `strict_load` is set.
        """
        trained = {
            key.removeprefix(_MODULE): value
            for key, value in loaded.items()
            if key.startswith(_MODULE)
        }
        others = {key: value for key, value in loaded.items() if not key.startswith(_MODULE)}
        if int(others.get("steps", 0)):
            own = self.src_model.state_dict()
            averaged = self.ema_model.averaged_keys()
            missing = [key for key in averaged if key not in trained]
            unexpected = [key for key in trained if key not in own]
            if missing or unexpected:
                report = (
                    f"the average in the checkpoint is not one of this model: missing "
                    f"{missing or 'nothing'}, unexpected {unexpected or 'nothing'}"
                )
                if self.strict_load:
                    raise ValueError(f"EMAHook: {report}")
                runner.logger.warning("%s", report.capitalize())
            self.ema_model.module.load_state_dict(own)
            for key in averaged:
                if key in trained:
                    own[key].copy_(shard_like(trained[key], own[key]))
        self.ema_model.load_state_dict(others, strict=False)
