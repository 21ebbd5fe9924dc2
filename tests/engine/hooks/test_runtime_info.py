"""What a run tells on the message hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import POINTS, Hook
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class Arrays(BaseMetric):
    """Metrics in the forms in which libraries return them."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {
            "single": np.float32(0.5),
            "count": np.int64(3),
            "empty_shape": np.array(2.0),
            "one": np.array([4.0]),
            "tensor": torch.tensor(5.0),
            "per_class": np.array([1.0, 2.0]),
            "text": "good",
        }


class Stages(Hook):
    """Notes the stage of the run at each point that comes once in a loop."""

    def __init__(self) -> None:
        self.seen: dict[str, set[str | None]] = {}

    def note(self, point: str) -> Callable[..., None]:
        def call(runner: Runner, **kwargs: Any) -> None:
            self.seen.setdefault(point, set()).add(runner.message_hub.get_info("loop_stage"))

        return call

    def get_triggered_stages(self) -> list[str]:
        return list(POINTS)

    def call_at(self, point: str) -> Callable[..., None]:
        return self.note(point)


@pytest.fixture
def stages() -> Stages:
    return Stages()


@pytest.fixture
def runner(toy_cfg: CfgMaker, stages: Stages) -> Runner:
    arrays = {"type": Arrays}
    cfg = toy_cfg(custom_hooks=[stages], val_evaluator=arrays, test_evaluator=arrays)
    cfg.train_cfg.max_epochs = 1
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Noted(), "VERY_LOW")
    return runner


class Noted(Hook):
    """Gives the training data what is known about them, as a dataset of a library has it."""

    def before_run(self, runner: Runner) -> None:
        if runner.train_loop is not None:
            metainfo = {"classes": ("a", "b"), "palette": np.eye(2), "reader": open}
            runner.train_dataloader.dataset.metainfo = metainfo  # type: ignore[attr-defined]


def test_the_stage_is_that_of_the_loop_that_runs(runner: Runner, stages: Stages) -> None:
    runner.train()
    runner.test()
    runner.val()
    for point, seen in stages.seen.items():
        mode = point.split("_")[1]
        if mode in ("train", "val", "test"):
            over = {f"after_{mode}"} - {"after_val"}
            expected: set[str | None] = {None} if point in over else {mode}
            if point == "after_val":  # within a training, and on its own
                expected = {"train", None}
            assert (point, seen) == (point, expected)
    assert runner.message_hub.get_info("loop_stage") is None


def test_what_is_known_about_the_training_is_told(runner: Runner) -> None:
    runner.train()
    info = runner.message_hub.runtime_info
    assert (info["max_epochs"], info["max_iters"]) == (1, 5)
    assert info["dataset_meta"]["classes"] == ("a", "b")
    saved = torch.load(Path(runner.work_dir) / "epoch_1.pth", weights_only=True)
    known = {"classes": ("a", "b"), "palette": [[1.0, 0.0], [0.0, 1.0]]}
    assert saved["meta"]["dataset_meta"] == known  # what is no plain data stays out


def test_an_array_with_one_element_is_a_number(runner: Runner) -> None:
    runner.val()
    hub = runner.message_hub
    numbers = {"single": 0.5, "count": 3.0, "empty_shape": 2.0, "one": 4.0, "tensor": 5.0}
    for name, value in numbers.items():
        assert hub.get_scalar(f"val/{name}").current() == value
    assert hub.get_info("val/text") == "good"
    assert hub.get_info("val/per_class").tolist() == [1.0, 2.0]
