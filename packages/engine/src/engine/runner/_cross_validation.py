"""Cross-validation of a config."""

from __future__ import annotations

import copy
import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

from engine.config import Config, ConfigError
from engine.dist import is_main_process
from engine.fileio import put_text
from engine.hooks import Hook
from engine.registry import RUNNERS
from engine.utils import without_nan

_SCORES, _SUMMARY = "scores.json", "folds.json"


@dataclass(frozen=True)
class FoldScores:
    """The scores of a cross-validation.

    Attributes:
        folds: The scores of each fold, those of its last validation.
    """

    folds: tuple[Mapping[str, float], ...]

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each score over the folds."""
        return {name: statistics.fmean(values) for name, values in self._values()}

    @property
    def std(self) -> dict[str, float]:
        """The standard deviation of each score over the folds, with their number less one."""
        return {
            name: statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan
            for name, values in self._values()
        }

    def _values(self) -> Iterator[tuple[str, list[float]]]:
        for name in self.folds[0]:
            if all(name in fold for fold in self.folds):
                yield name, [fold[name] for fold in self.folds]


def cross_validate(cfg: Config, folds: int = 5, seed: int = 0, resume: bool = False) -> FoldScores:
    """Train a model for each fold of the training data, and validate it with that fold.

    The validation reads its samples from the training data, with the pipeline of `val_dataloader`.
    A fold writes into `fold_<number>` in the work directory, where its `scores.json` is, too; the
    scores of all are in `folds.json`.

    Args:
        cfg: The config of a training.
        folds: How many folds there are.
        seed: The seed of the division.
        resume: Whether to leave out folds that have scores already, and to resume the others.

    Raises:
        ConfigError: If the config has no training or no validation, or their datasets are not
            configs.
        ValueError: If there are fewer than 2 folds.
    """
    if folds < 2:
        raise ValueError(f"a cross-validation has at least 2 folds; got {folds}")
    work_dir = Path(cfg.work_dir)
    scores = []
    for fold in range(folds):
        changed = fold_config(cfg, fold, folds, seed)
        changed.resume = resume
        scores.append(_scores_of(changed, resume))
    result = FoldScores(tuple(scores))
    summary = {"folds": scores, "mean": result.mean, "std": result.std}
    if is_main_process():
        put_text(json.dumps(without_nan(summary), indent=2), work_dir / _SUMMARY)
    return result


def fold_config(cfg: Config, fold: int, folds: int, seed: int = 0) -> Config:
    """Return the config of the training of one fold.

    Args:
        cfg: The config of a training; it is not changed.
        fold: The number of the fold, from 0.
        folds: How many folds there are.
        seed: The seed of the division.

    Raises:
        ConfigError: As `cross_validate` says.
    """
    train, val = _dataset(cfg, "train_dataloader"), _dataset(cfg, "val_dataloader")
    own = next(_leaves(val))
    how = {key: own[key] for key in ("pipeline", "test_mode") if key in own}
    facts = {"type": "engine.FoldDataset", "fold": fold, "folds": folds, "seed": seed}

    def held_out(leaf: Mapping[str, Any]) -> dict[str, Any]:
        changed = {**{key: leaf[key] for key in leaf if key != "pipeline"}, **how}
        return {**facts, "part": "val", "dataset": changed}

    parts = [held_out(leaf) for leaf in _leaves(train)]
    changed = copy.deepcopy(cfg)
    changed.work_dir = str(Path(cfg.work_dir) / f"fold_{fold}")
    changed.train_dataloader.dataset = _with_leaves(
        train, lambda leaf: {**facts, "part": "train", "dataset": leaf}
    )
    changed.val_dataloader.dataset = (
        parts[0] if len(parts) == 1 else {"type": "engine.ConcatDataset", "datasets": parts}
    )
    return changed


def _dataset(cfg: Config, key: str) -> Mapping[str, Any]:
    dataset = (cfg.get(key) or {}).get("dataset")
    if not isinstance(dataset, Mapping):
        raise ConfigError(f"a cross-validation needs {key}.dataset, a config; got {dataset!r}")
    return dataset


def _within(dataset: Mapping[str, Any]) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the key of the datasets that a wrapper has, and their configs."""
    for key in ("dataset", "datasets"):
        inner = dataset.get(key)
        if isinstance(inner, Mapping):
            return key, [inner]
        if isinstance(inner, list) and inner:
            return key, inner
    return "", []


def _leaves(dataset: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the configs of the datasets that a config wraps, or that of itself."""
    _, inner = _within(dataset)
    if not inner:
        yield dataset
    for each in inner:
        yield from _leaves(each)


def _with_leaves(
    dataset: Mapping[str, Any], change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return a config in which each dataset that is no wrapper is changed."""
    key, inner = _within(dataset)
    if not inner:
        return change(dataset)
    made = [_with_leaves(each, change) for each in inner]
    return {**dataset, key: made if isinstance(dataset[key], list) else made[0]}


def _scores_of(cfg: Config, resume: bool) -> dict[str, float]:
    """Train one fold, unless that was done."""
    file = Path(cfg.work_dir) / _SCORES
    if resume and file.is_file():
        known: dict[str, float | None] = json.loads(file.read_text("utf-8"))
        return {name: math.nan if value is None else value for name, value in known.items()}
    runner: Any = RUNNERS.build(cfg)
    last = _LastScores()
    runner.register_hook(last)
    runner.train()
    if not last.scores:
        raise ConfigError("a cross-validation needs a val_cfg and val_evaluator that give scores")
    if is_main_process():
        put_text(json.dumps(without_nan(last.scores), indent=2), file)
    return last.scores


class _LastScores(Hook):
    """Keeps the scores of the last validation."""

    def __init__(self) -> None:
        self.scores: dict[str, float] = {}

    def after_val_epoch(self, runner: Any, metrics: Mapping[str, Any] | None = None) -> None:
        numbers = ((name, value) for name, value in (metrics or {}).items())
        self.scores = {name: float(value) for name, value in numbers if isinstance(value, Real)}
