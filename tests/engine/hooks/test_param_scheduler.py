"""When the schedulers step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class _Flat(BaseMetric):
    """A metric that never gets better."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        return {"acc": 0.5}


def rates(cfg: Config) -> list[float]:
    """The learning rate of each iteration."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    history: list[float] = runner.message_hub.get_scalar("train/lr").data[0].tolist()
    return history


def test_by_epoch(toy_cfg: CfgMaker) -> None:
    assert rates(toy_cfg()) == [0.5] * 5 + [0.25] * 5 + [0.125] * 5


def test_by_iteration(toy_cfg: CfgMaker) -> None:
    step = {"type": "StepLR", "step_size": 6, "gamma": 0.5, "by_epoch": False}
    assert rates(toy_cfg(param_scheduler=[step])) == [0.5] * 6 + [0.25] * 6 + [0.125] * 3


def test_both_at_once(toy_cfg: CfgMaker) -> None:
    step = {"type": "StepLR", "step_size": 1, "gamma": 0.5}
    multi = {"type": "MultiStepLR", "milestones": [7], "gamma": 0.1, "by_epoch": False}
    expected = [0.5] * 5 + [0.25] * 2 + [0.025] * 3 + [0.0125] * 5
    assert rates(toy_cfg(param_scheduler=[step, multi])) == pytest.approx(expected)


def test_on_a_plateau_the_validation_counts(toy_cfg: CfgMaker) -> None:
    plateau = {
        "type": "ReduceOnPlateauLR",
        "monitor": "acc",
        "rule": "greater",
        "factor": 0.1,
        "patience": 0,
    }
    cfg = toy_cfg(param_scheduler=plateau, val_evaluator={"type": _Flat})
    assert rates(cfg) == pytest.approx([0.5] * 10 + [0.05] * 5)
