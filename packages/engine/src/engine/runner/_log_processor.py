"""From the histories of the message hub to log lines and tracked values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

from engine.registry import LOG_PROCESSORS

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

    from ._runner import Runner


@LOG_PROCESSORS.register_module()
class LogProcessor:
    """Smooths logged values and formats them.

    Args:
        window_size: Over how many iterations losses and times are averaged.
        by_epoch: Whether lines count epochs; else they count iterations.
        num_digits: The digits of a value behind the point.
        mean_pattern: Which values are averaged, as a regular expression; of the others the newest
            counts.
    """

    def __init__(
        self,
        window_size: int = 10,
        by_epoch: bool = True,
        num_digits: int = 4,
        mean_pattern: str = r".*(loss|time|data_time|grad_norm).*",
    ) -> None:
        self.window_size = window_size
        self.by_epoch = by_epoch
        self.num_digits = num_digits
        self._is_mean = re.compile(mean_pattern)

    def get_log_after_iter(
        self, runner: Runner, batch_idx: int, mode: str
    ) -> tuple[dict[str, float], str]:
        """Return the values at an iteration, and a line with them.

        Args:
            runner: The runner.
            batch_idx: The number of the batch in its epoch.
            mode: `'train'`, `'val'` or `'test'`.
        """
        values = self._smoothed(runner, mode)
        parts = [self._position(runner, batch_idx, mode)]
        if mode == "train":
            values = {**values, "epoch": runner.epoch + 1, "iter": runner.iter + 1}
            parts += [f"{key}: {values[key]:.3e}" for key in values if key.endswith("lr")]
            parts.append(f"eta: {self._eta(runner)}")
        if rate := self._rate(runner, values, mode):
            parts.append(rate)
        shown = [key for key in values if "loss" in key or key in ("data_time", "grad_norm")]
        parts += [f"{key}: {values[key]:.{self.num_digits}f}" for key in shown]
        return values, "  ".join(parts)

    def get_log_after_epoch(
        self, runner: Runner, metrics: Mapping[str, Any], mode: str
    ) -> tuple[dict[str, float], str]:
        """Return the metrics of a validation or test, and a line with them.

        Args:
            runner: The runner.
            metrics: The metrics; those that are no numbers appear in neither.
            mode: `'val'` or `'test'`.
        """
        values = {key: float(value) for key, value in metrics.items() if isinstance(value, Real)}
        parts = [f"{key}: {value:.{self.num_digits}f}" for key, value in values.items()]
        if mode == "test":
            head = "Test"
        elif self.by_epoch:
            head = f"Validation after epoch {runner.epoch}"
        else:
            head = f"Validation after iteration {runner.iter}"
        return values, "  ".join([head, *parts])

    def summary(self, runner: Runner) -> str:
        """Return the values of the training as a progress bar shows them."""
        values = self._smoothed(runner, "train")
        parts = [f"loss {values['loss']:.{self.num_digits}f}"] if "loss" in values else []
        parts += [f"{key} {values[key]:.2e}" for key in values if key.endswith("lr")]
        return "  ".join([*parts, self._rate(runner, values, "train"), f"eta {self._eta(runner)}"])

    def _smoothed(self, runner: Runner, mode: str) -> dict[str, float]:
        values = {}
        for key, history in runner.message_hub.log_scalars.items():
            if key.startswith(f"{mode}/") and len(history):
                window = self.window_size if self._is_mean.match(key) else 1
                values[key.removeprefix(f"{mode}/")] = history.mean(window)
        return values

    def _position(self, runner: Runner, batch_idx: int, mode: str) -> str:
        total = len(_loader(runner, mode))
        if mode != "train":
            return f"{mode.capitalize()} [{batch_idx + 1}/{total}]"
        if self.by_epoch:
            return f"Epoch [{runner.epoch + 1}/{runner.max_epochs}][{batch_idx + 1}/{total}]"
        return f"Iteration [{runner.iter + 1}/{runner.max_iters}]"

    def _rate(self, runner: Runner, values: Mapping[str, float], mode: str) -> str:
        batch_size = _loader(runner, mode).batch_size
        if not batch_size or not values.get("time"):
            return ""
        return f"samples/s: {batch_size * runner.world_size / values['time']:.0f}"

    def _eta(self, runner: Runner) -> str:
        return str(timedelta(seconds=int(runner.message_hub.get_info("eta", 0.0))))


def _loader(runner: Runner, mode: str) -> DataLoader[Any]:
    loader: DataLoader[Any] = getattr(runner, f"{mode}_dataloader")
    return loader
