"""What is set to count epochs in a training that counts iterations."""

from __future__ import annotations

from typing import Any

import pytest

from engine import lint
from engine.hooks import CheckpointHook
from engine.model import BaseModel
from engine.optim.scheduler import StepLR


class Net(BaseModel):
    """A class that is only ever named."""


PARTS: dict[str, Any] = {
    "param_scheduler.by_epoch": {"type": "StepLR", "step_size": 2, "by_epoch": True},
    "param_scheduler.1.by_epoch": [
        {"type": "ReduceOnPlateauLR", "by_epoch": True},
        {"type": StepLR, "step_size": 2, "by_epoch": True},
        {"type": "LinearLR", "end": 2, "by_epoch": True, "convert_to_iter_based": True},
    ],
    "default_hooks.checkpoint.by_epoch": {
        "checkpoint": {"type": CheckpointHook, "by_epoch": True},
        "logger": None,
    },
    "default_hooks.logger.log_metric_by_epoch": {
        "logger": {"type": "LoggerHook", "log_metric_by_epoch": True}
    },
    "custom_hooks.0.by_epoch": [{"type": "ProfilerHook", "by_epoch": True}],
    "log_processor.by_epoch": {"type": "LogProcessor", "by_epoch": True},
}


@pytest.mark.parametrize("path", PARTS)
def test_it_is_found(path: str) -> None:
    def found(**train_cfg: Any) -> list[tuple[str, str]]:
        cfg = {
            "model": {"type": Net},
            "train_dataloader": {"dataset": []},
            "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
            "train_cfg": train_cfg,
            path.split(".", maxsplit=1)[0]: PARTS[path],
        }
        return [(each.kind, each.path) for each in lint.check(cfg)]

    iterations: list[dict[str, Any]] = [
        {"max_iters": 9},
        {"by_epoch": False, "max_iters": 9},
        {"type": "IterBasedTrainLoop", "max_iters": 9},
        {"type": "engine.IterBasedTrainLoop", "max_iters": 9},
    ]
    for loop in iterations:
        assert found(**loop) == [("wrong-value", path)]
    assert found(max_epochs=9) == []


def test_the_finding() -> None:
    cfg = {"model": {"type": Net}, "train_cfg": {"max_iters": 9}}
    cfg["log_processor"] = {"by_epoch": True}
    (finding,) = [each for each in lint.check(cfg) if each.kind == "wrong-value"]
    assert finding.message == "this counts epochs, and the training counts iterations (max_iters)"
    assert finding.suggestion == "leave out by_epoch, and give its times in iterations"
