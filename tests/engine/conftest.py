"""A small run, which trains in a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.model import BaseModel

CfgMaker = Callable[..., Config]


class ToyModel(BaseModel):
    """A linear classifier with dropout, which draws from the global generator."""

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, 3)
        self.drop = nn.Dropout(0.3)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.fc(self.drop(inputs))
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out, data_samples)}
        if mode == "predict":
            pairs = zip(out.argmax(1), data_samples, strict=True)
            return [{"pred": pred, "label": label} for pred, label in pairs]
        return out


class ToyData(torch.utils.data.Dataset[dict[str, Tensor]]):
    """40 points of three classes, with noise that is drawn anew each time."""

    def __init__(self, size: int = 40) -> None:
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(size, 4, generator=generator)
        self.reads = 0

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        self.reads += 1
        point = self.points[index]
        return {
            "inputs": point + 0.01 * torch.randn(4),
            "data_samples": point[:3].argmax(),
        }


class ToyAccuracy(BaseMetric):
    """The share of samples whose class was found."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [int(each["pred"] == each["label"]) for each in data_samples]

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        return {"acc": sum(results) / len(results), "count": len(results)}


def _loader(shuffle: bool) -> dict[str, Any]:
    return {
        "batch_size": 8,
        "sampler": {"type": "DefaultSampler", "shuffle": shuffle},
        "dataset": {"type": ToyData},
        "collate_fn": "default_collate",
    }


@pytest.fixture
def toy_cfg(tmp_path: Path) -> CfgMaker:
    """Return a function that makes the config of the small run, with changes to its keys."""

    def make(**changes: Any) -> Config:
        values: dict[str, Any] = {
            "model": {"type": ToyModel},
            "work_dir": str(tmp_path / "run"),
            "train_dataloader": _loader(shuffle=True),
            "train_cfg": {"by_epoch": True, "max_epochs": 3},
            "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.5, "momentum": 0.9}},
            "param_scheduler": {"type": "StepLR", "step_size": 1, "gamma": 0.5},
            "val_dataloader": _loader(shuffle=False),
            "val_cfg": {},
            "val_evaluator": {"type": ToyAccuracy},
            "test_dataloader": _loader(shuffle=False),
            "test_cfg": {},
            "test_evaluator": {"type": ToyAccuracy},
            "randomness": {"seed": 0},
            "log_level": "WARNING",
        }
        return Config({**values, **changes})

    return make
