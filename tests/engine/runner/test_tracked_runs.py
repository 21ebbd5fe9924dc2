"""What a run tells its trackers, and how a resumed one goes on there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.runner import Runner

CfgMaker = Callable[..., Config]


def tracked(toy_cfg: CfgMaker, epochs: int, **changes: Any) -> Runner:
    cfg = toy_cfg(
        train_cfg={"max_epochs": epochs},
        visualizer={"vis_backends": [{"type": "TensorboardVisBackend"}]},
        default_hooks={"logger": {"type": "LoggerHook", "interval": 1}},
        **changes,
    )
    return Runner.from_cfg(cfg)


def points(runner: Runner, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(Path(runner.log_dir, "vis_data")))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(name)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # tensorboard's own reader
def test_a_resumed_run_is_one_run_of_the_tracker(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    first = tracked(toy_cfg, 2)
    first.train()
    second = tracked(toy_cfg, 3, resume=True)
    second.train()
    whole = tracked(toy_cfg, 3, work_dir=str(tmp_path / "whole"))
    whole.train()
    assert not Path(second.log_dir, "vis_data").exists()
    assert points(first, "loss") == points(whole, "loss")
    assert [step for step, _ in points(first, "loss")] == list(range(1, 16))
    # The second start repeats the validation that the checkpoint came before.
    assert dict(points(first, "acc")) == dict(points(whole, "acc"))

    fresh = tracked(toy_cfg, 1)
    fresh.train()
    assert [step for step, _ in points(fresh, "loss")] == list(range(1, 6))
    assert len(points(first, "loss")) == 15


def test_a_checkpoint_tells_the_run_of_the_tracker_as_plain_data(toy_cfg: CfgMaker) -> None:
    runner = tracked(toy_cfg, 1)
    runner.train()
    checkpoint = torch.load(Path(runner.work_dir, "epoch_1.pth"), weights_only=True)
    assert checkpoint["visualizer"] == {
        "TensorboardVisBackend": {"run_id": "vis_data", "start": runner.timestamp}
    }


def test_the_back_ends_are_told_the_config(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg(train_cfg={"max_epochs": 1}))
    runner.train()
    assert (
        Path(runner.log_dir, "vis_data", "config.py").read_text()
        == (Path(runner.work_dir) / "config.py").read_text()
    )
