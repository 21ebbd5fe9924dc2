"""When checkpoints are saved, and which are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.dist import is_main_process
from engine.evaluator import get_metric_value
from engine.fileio import put_text
from engine.registry import HOOKS

from ._hook import Hook

if TYPE_CHECKING:
    from engine.runner import Runner

_GREATER = ("acc", "top", "ar@", "auc", "precision", "map", "miou", "iou", "dice", "recall", "f1")
_LESS = ("loss", "error")


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Saves checkpoints at intervals, and the best one by a metric.

    Args:
        interval: How many epochs (or iterations) lie between two checkpoints; less than 1 means
            none.
        by_epoch: Whether epochs are counted.
        save_optimizer: Whether the state of the optimizer belongs in.
        save_param_scheduler: Whether the state of the schedulers belongs in.
        out_dir: Where they go; None means the work directory.
        max_keep_ckpts: How many of those at intervals are kept; -1 means all.
        save_last: Whether the end of the training is saved though no interval ends there.
        save_best: The metric, or several, by which the best checkpoint is kept; `'auto'` means
            the first one that the validation gives.
        rule: `'greater'` or `'less'`, for each metric; None infers it from the metric's name.
        filename_tmpl: The name of a file, with `{}` for the number; None means `epoch_{}.pth` or
            `iter_{}.pth`.
        save_begin: The epoch (or iteration) from which on checkpoints are saved.

    Raises:
        ValueError: If `rule` does not fit `save_best`, or is needed and not given.
    """

    priority = "VERY_LOW"

    def __init__(
        self,
        interval: int = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | Path | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | Sequence[str] | None = None,
        rule: str | Sequence[str] | None = None,
        filename_tmpl: str | None = None,
        save_begin: int = 0,
    ) -> None:
        self.interval = interval
        self.by_epoch = by_epoch
        self.out_dir = out_dir
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.save_begin = save_begin
        self.filename_tmpl = filename_tmpl or ("epoch_{}.pth" if by_epoch else "iter_{}.pth")
        self._parts: dict[str, Any] = {
            "save_optimizer": save_optimizer,
            "save_param_scheduler": save_param_scheduler,
        }
        self._metrics = _listed(save_best)
        self._rules = _listed(rule) or [
            "" if metric == "auto" else _rule_of(metric) for metric in self._metrics
        ]
        if len(self._rules) != len(self._metrics):
            raise ValueError(f"rule {rule!r} does not fit save_best {save_best!r}, one for each")
        if odd := set(self._rules) - {"", "greater", "less"}:
            raise ValueError(f"rule is 'greater' or 'less'; got {sorted(odd)[0]!r}")

    def before_train(self, runner: Runner) -> None:
        """Say where the checkpoints go."""
        runner.logger.info("Checkpoints will be saved to %s", self._folder(runner))

    def after_train_epoch(self, runner: Runner) -> None:
        """Save where an interval of epochs ends."""
        if self.by_epoch:
            last = self.save_last and self.is_last_train_epoch(runner)
            if last or self.every_n_epochs(runner, self.interval, self.save_begin):
                self._save(runner, runner.epoch + 1)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Save where an interval of iterations ends."""
        if not self.by_epoch:
            last = self.save_last and self.is_last_train_iter(runner)
            if last or self.every_n_train_iters(runner, self.interval, self.save_begin):
                self._save(runner, runner.iter + 1)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Save the model if it is the best so far."""
        if not metrics or runner.train_loop is None:
            return
        for metric, rule in zip(self._metrics, self._rules, strict=True):
            self._save_if_best(
                runner, next(iter(metrics)) if metric == "auto" else metric, rule, metrics
            )

    def _save(self, runner: Runner, number: int) -> None:
        name = self.filename_tmpl.format(number)
        kept = [*runner.message_hub.get_info("kept_checkpoints", []), name]
        surplus = kept[: -self.max_keep_ckpts] if self.max_keep_ckpts > 0 else []
        runner.message_hub.update_info("kept_checkpoints", kept[len(surplus) :])
        runner.logger.info("Saving checkpoint at %s", name.removesuffix(".pth").replace("_", " "))
        runner.save_checkpoint(self._folder(runner), name, by_epoch=self.by_epoch, **self._parts)
        if is_main_process():
            file = os.path.relpath(Path(self._folder(runner)) / name, runner.work_dir)
            put_text(file, Path(runner.work_dir) / "last_checkpoint")
        for old in surplus:  # only now, so that there is a whole one at any moment
            self._remove(runner, old)

    def _save_if_best(
        self, runner: Runner, metric: str, rule: str, metrics: dict[str, float]
    ) -> None:
        score = float(get_metric_value(metric, metrics))
        hub = runner.message_hub
        former = hub.get_info(f"best_{metric}")
        greater = (rule or _rule_of(metric)) == "greater"
        if former is not None and not (score > former if greater else score < former):
            return
        count = runner.epoch if self.by_epoch else runner.iter
        unit = "epoch" if self.by_epoch else "iter"
        name = f"best_{metric.replace('/', '_')}_{unit}_{count}.pth"
        old = hub.get_info(f"best_{metric}_checkpoint")
        hub.update_info(f"best_{metric}", score)
        hub.update_info(f"best_{metric}_checkpoint", name)
        runner.save_checkpoint(self._folder(runner), name, by_epoch=None, **self._parts)
        if old is not None and old != name:
            self._remove(runner, old)
        runner.logger.info("The best %s so far is %.4f, saved as %s", metric, score, name)

    def _remove(self, runner: Runner, name: str) -> None:
        if is_main_process():
            (Path(self._folder(runner)) / name).unlink(missing_ok=True)

    def _folder(self, runner: Runner) -> str:
        return str(self.out_dir or runner.work_dir)


def _listed(value: str | Sequence[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _rule_of(metric: str) -> str:
    name = metric.lower()
    if any(part in name for part in _LESS):
        return "less"
    if any(part in name for part in _GREATER):
        return "greater"
    raise ValueError(
        f"save_best={metric!r}: the name does not tell whether more is better; "
        "set rule='greater' or rule='less'"
    )
