"""Learning rate range test."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.config import Config, ConfigError
from engine.dist import all_reduce
from engine.hooks import Hook
from engine.logging import reset_logging
from engine.model import keeping_random_state
from engine.registry import RUNNERS
from engine.visualization import plot_lr_range

# A loss above the first one and this many times the best one, after smoothing, has diverged.
_DIVERGED = 4
# The width of the smoothing, as a part of all steps, and the least one, in steps. It is the
# deviation of a normal distribution.
_WIDTH = 0.03
_LEAST_WIDTH = 1.5

# What a range test has no use for, and what would write, report or stop.
_LEFT_OUT = (
    *("val_dataloader", "val_cfg", "val_evaluator", "test_dataloader", "test_cfg"),
    *("test_evaluator", "custom_hooks", "auto_scale_lr", "visualizer", "log_processor"),
)


@dataclass(frozen=True)
class LRRange:
    """The curve of a learning rate range test.

    Attributes:
        rates: The learning rate of each step.
        losses: The loss of each step, which is that of one batch.
        steps: How many steps there were to be; fewer where the loss diverged.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steps: int

    @property
    def smoothed(self) -> tuple[float, ...]:
        """The losses, each as the mean of its neighborhood."""
        losses = np.asarray(self.losses)
        numbers = np.arange(len(losses))
        weights = _weights(numbers[:, None] - numbers, self.steps)
        return tuple((weights @ losses / weights.sum(1)).tolist())

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss falls fastest; None if it does not fall."""
        smoothed = np.asarray(self.smoothed)
        lowest = int(smoothed.argmin())
        if lowest < 2:
            return None
        slopes = np.gradient(smoothed[: lowest + 1], np.log(self.rates[: lowest + 1]))
        return self.rates[int(slopes.argmin())]

    @property
    def tenth_of_minimum(self) -> float | None:
        """A tenth of the rate at which the smoothed loss is lowest; None if it does not fall."""
        lowest = int(np.argmin(self.smoothed))
        return None if lowest < 2 else self.rates[lowest] / 10

    def to_dict(self) -> dict[str, Any]:
        """Return the curve and what it suggests as plain data."""
        return {
            "steepest": self.steepest,
            "tenth_of_minimum": self.tenth_of_minimum,
            "rates": self.rates,
            "losses": self.losses,
            "smoothed": self.smoothed,
        }

    def plot(self, out: str | Path) -> None:
        """Draw the curve.

        Args:
            out: The image, a PNG.

        Raises:
            ImportError: If matplotlib is missing.
        """
        marks = {"steepest": self.steepest, "minimum / 10": self.tenth_of_minimum}
        known = {name: rate for name, rate in marks.items() if rate is not None}
        plot_lr_range(self.rates, self.losses, self.smoothed, known, out)


def find_lr(cfg: Config, min_lr: float = 1e-6, max_lr: float = 1.0, steps: int = 100) -> LRRange:
    """Run a learning rate range test: train with a rate that rises, and note the losses.

    The rate is multiplied by the same factor after each iteration, up to where the loss diverges.
    Ratios between parameter groups stay as the config has them. The training is that of the config,
    without its schedulers, hooks, validation and trackers, and begins with the same weights.
    Nothing is written into its work directory, and the generators stand where they stood before.

    The test is that of "Cyclical Learning Rates for Training Neural Networks" (Smith, 2017,
    https://arxiv.org/abs/1506.01186).

    Args:
        cfg: The config of a training; it is not changed.
        min_lr: The first learning rate.
        max_lr: The last one.
        steps: The number of iterations.

    Raises:
        ConfigError: If the config has no training, or several optimizers.
        ValueError: If the rates or the steps are out of range, or already the first loss is not
            finite.
    """
    if not 0 < min_lr < max_lr:
        raise ValueError(f"0 < min < max must hold for the rates; got min={min_lr}, max={max_lr}")
    if steps < 10:
        raise ValueError(f"a range test takes at least 10 steps; got {steps}")
    noted = _NotedLosses(steps)
    with (
        TemporaryDirectory(prefix="engine-lr-", ignore_cleanup_errors=True) as folder,
        keeping_random_state(),
    ):
        try:
            runner: Any = RUNNERS.build(_range_config(cfg, min_lr, max_lr, steps, folder))
            runner.register_hook(noted)
            runner.train()
        finally:
            reset_logging()  # its file is in the folder
    if not noted.losses:
        raise ValueError(f"the loss is not finite at a learning rate of {min_lr:g}; lower min")
    return LRRange(tuple(noted.rates), tuple(noted.losses), steps)


def _range_config(cfg: Config, min_lr: float, max_lr: float, steps: int, folder: str) -> Config:
    for key in ("train_dataloader", "optim_wrapper"):
        if not cfg.get(key):
            raise ConfigError(f"a range test trains, and the config has no {key}")
    optimizer = cfg.optim_wrapper.get("optimizer")
    if not isinstance(optimizer, Mapping):
        raise ConfigError(
            f"a range test needs optim_wrapper.optimizer, a config; got {optimizer!r}"
        )
    changed = copy.deepcopy(cfg)
    for key in _LEFT_OUT:
        changed.pop(key, None)
    changed.work_dir = folder
    changed.resume = False
    changed.log_level = "WARNING"
    changed.default_hooks = dict.fromkeys(("logger", "progress", "checkpoint"))
    changed.visualizer = {"type": "engine.Visualizer", "vis_backends": []}
    changed.train_cfg = {"type": "engine.IterBasedTrainLoop", "max_iters": steps}
    changed.optim_wrapper.optimizer.lr = min_lr
    gamma = (max_lr / min_lr) ** (1 / (steps - 1))
    changed.param_scheduler = {"type": "engine.ExponentialLR", "gamma": gamma, "by_epoch": False}
    return changed


class _NotedLosses(Hook):
    """Notes the rate and the loss of each iteration, and ends the training where it diverges."""

    def __init__(self, steps: int) -> None:
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._steps = steps
        self._best = math.inf

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        loss = (outputs or {}).get("loss")
        if not isinstance(loss, Tensor):
            raise ValueError(f"{runner.model_name}.train_step returns no loss, only {outputs!r}")
        mean = loss.detach().clone()
        all_reduce(mean, "mean")  # so that all processes stop together
        value = float(mean)
        if math.isfinite(value):
            settings = runner.optim_wrapper.base_param_settings
            groups = runner.optim_wrapper.param_groups
            self.rates.append(float((settings or groups[0])["lr"]))
            self.losses.append(value)
        runner.train_loop.stop_training |= not math.isfinite(value) or self._has_diverged()

    def _has_diverged(self) -> bool:
        ago = np.arange(len(self.losses))[::-1]
        smoothed = float(np.average(self.losses, weights=_weights(ago, self._steps)))
        self._best = min(self._best, smoothed)
        return smoothed > max(self.losses[0], self._best + (_DIVERGED - 1) * abs(self._best))


def _weights(distances: NDArray[np.int_], steps: int) -> NDArray[np.float64]:
    """Return the weights of losses in a mean by how many steps away they are."""
    width = max(_WIDTH * steps, _LEAST_WIDTH)
    weights: NDArray[np.float64] = np.exp(-0.5 * (distances / width) ** 2)
    return weights
