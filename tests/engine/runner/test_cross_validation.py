"""Cross-validation of a config."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config, ConfigError
from engine.dataset import BaseDataset, FoldDataset
from engine.evaluator import BaseMetric
from engine.registry import DATASETS
from engine.runner import FoldScores, cross_validate, fold_config

CfgMaker = Callable[..., Config]
_SEEN: list[set[int]] = []


class Points(BaseDataset):
    """Points of three classes, numbered."""

    METAINFO = {"classes": ("a", "b", "c")}  # noqa: RUF012

    def load_data_list(self) -> list[dict[str, Any]]:
        return [{"number": number, "gt_label": number % 3} for number in range(24)]


def pack(sample: dict[str, Any]) -> dict[str, Any]:
    number = float(sample["number"])
    return {"inputs": torch.full((4,), number), "data_samples": torch.tensor(sample["gt_label"])}


def pack_half(sample: dict[str, Any]) -> dict[str, Any]:
    """Make the samples of a validation, which can be told from those of a training."""
    packed = pack(sample)
    return {**packed, "inputs": packed["inputs"] + 0.5}


class Numbers(BaseMetric):
    """The numbers that were validated."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += [each[0].item() for each in data_batch["inputs"]]

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        assert all(each % 1 == 0.5 for each in results)
        _SEEN.append({int(each) for each in results})
        return {"sum": float(sum(results)), "text": "no number", "nan": math.nan}


@pytest.fixture
def cfg(toy_cfg: CfgMaker) -> Config:
    _SEEN.clear()
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 1}, val_evaluator={"type": Numbers})
    cfg.train_dataloader.dataset = {"type": Points, "pipeline": [pack]}
    cfg.val_dataloader.dataset = {"type": Points, "pipeline": [pack_half], "test_mode": True}
    return cfg


def test_each_sample_is_validated_once(cfg: Config, tmp_path: Path) -> None:
    scores = cross_validate(cfg, 4)
    assert set[int]().union(*_SEEN) == set(range(24))
    assert sum(map(len, _SEEN)) == 24
    sums = [fold["sum"] for fold in scores.folds]
    assert sum(sums) == sum(range(24)) + 12
    assert scores.mean["sum"] == statistics.fmean(sums)
    assert scores.std["sum"] == pytest.approx(statistics.stdev(sums))
    assert math.isnan(scores.mean["nan"])
    assert math.isnan(scores.std["nan"])
    assert "text" not in scores.mean
    written = json.loads((tmp_path / "run" / "folds.json").read_text())
    assert [each["sum"] for each in written["folds"]] == sums
    assert written["mean"] == {"sum": scores.mean["sum"], "nan": None}
    assert (tmp_path / "run" / "fold_3" / "epoch_1.pth").is_file()
    assert "fold" not in str(cfg)


def test_folds_that_are_done_are_left_out(cfg: Config, tmp_path: Path) -> None:
    first = cross_validate(cfg, 3)
    (tmp_path / "run" / "fold_1" / "scores.json").unlink()
    _SEEN.clear()
    again = cross_validate(cfg, 3, resume=True)
    assert len(_SEEN) == 1
    assert [fold["sum"] for fold in again.folds] == [fold["sum"] for fold in first.folds]


def test_wrappers_are_kept_and_their_datasets_divided(cfg: Config) -> None:
    leaf = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = {
        "type": "RepeatDataset",
        "times": 2,
        "dataset": {"type": "ConcatDataset", "datasets": [leaf, leaf]},
    }
    changed = fold_config(cfg, 0, 4)
    train, val = (
        DATASETS.build(changed[key].dataset) for key in ("train_dataloader", "val_dataloader")
    )
    assert len(train) == 2 * 2 * 18
    assert len(val) == 2 * 6
    assert all(isinstance(each, FoldDataset) for each in val.datasets)
    assert all(each["inputs"][0] % 1 == 0.5 for each in val)


@pytest.mark.parametrize("key", ["train_dataloader", "val_dataloader"])
def test_a_run_without_configs_of_datasets_is_refused(cfg: Config, key: str) -> None:
    cfg[key] = None
    with pytest.raises(ConfigError, match=rf"needs {key}.dataset, a config; got None"):
        cross_validate(cfg, 3)


def test_one_fold_is_refused(cfg: Config) -> None:
    with pytest.raises(ValueError, match="at least 2 folds; got 1"):
        cross_validate(cfg, 1)


def test_a_score_that_a_fold_lacks_has_no_mean() -> None:
    assert FoldScores(({"a": 1.0, "b": 2.0}, {"a": 3.0})).mean == {"a": 2.0}
