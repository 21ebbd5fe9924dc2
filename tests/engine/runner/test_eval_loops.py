"""Validation and test."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.model import BaseModel
from engine.runner import Runner
from engine.structures import BaseDataElement

CfgMaker = Callable[..., Config]


class Losses(BaseModel):
    """Gives two losses; it may give them with its predictions as well."""

    def __init__(self, behind: bool = False) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.behind = behind
        self.passes: list[str] = []

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        self.passes.append(mode)
        out = self.fc(inputs)
        losses = {
            "loss_class": nn.functional.cross_entropy(out, data_samples),
            "loss_size": [out.square().mean(1), out.abs()],
            "largest": out.max(),
        }
        if mode == "loss":
            return losses
        pairs = zip(out.argmax(1), data_samples, strict=True)
        samples: list[Any] = [{"pred": pred, "label": label} for pred, label in pairs]
        return [*samples, BaseDataElement(loss=losses)] if self.behind else samples


def expected_losses(runner: Runner) -> dict[str, float]:
    """The means over all samples of the validation, with batches of 8, 8, 8, 8 and 5."""
    sums = dict.fromkeys(("loss", "loss_class", "loss_size", "largest"), 0.0)
    for batch in runner.val_dataloader:
        out = runner.model.fc(batch["inputs"])
        class_ = nn.functional.cross_entropy(out, batch["data_samples"])
        size = out.square().mean() + out.abs().mean()
        values = {"loss": class_ + size, "loss_class": class_, "loss_size": size}
        values["largest"] = out.max()
        for name, value in values.items():
            sums[name] += float(value.detach()) * len(out)
    return {name: value / 37 for name, value in sums.items()}


class NamedLoss(BaseMetric):
    """Calls its value as a loss is called."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += [1] * len(data_samples)

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        return {"loss": 1.0}


class StillData(torch.utils.data.Dataset[dict[str, Tensor]]):
    """37 points, which are the same each time."""

    def __init__(self) -> None:
        self.points = torch.randn(37, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"inputs": self.points[index], "data_samples": self.points[index][:3].argmax()}


@pytest.fixture
def cfg(toy_cfg: CfgMaker) -> Config:
    made = toy_cfg(model={"type": Losses}, train_cfg={"max_epochs": 2})
    for key in ("train_dataloader", "val_dataloader", "test_dataloader"):
        made[key].dataset = {"type": StillData}
    return made


@pytest.mark.parametrize("behind", [False, True])
def test_validation_reports_its_losses(cfg: Config, behind: bool) -> None:
    cfg.model.behind = behind
    cfg.val_cfg = {} if behind else {"loss": True}
    cfg.default_hooks = {
        "checkpoint": {"type": "CheckpointHook", "save_best": "loss", "save_last": False}
    }
    runner = Runner.from_cfg(cfg)
    runner.train()
    runner.model.passes.clear()
    metrics = runner.val()
    assert runner.model.passes == (["predict"] if behind else ["predict", "loss"]) * 5
    expected = expected_losses(runner)
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    assert 0 <= metrics["acc"] <= 1
    lines = Path(runner.log_dir, "vis_data", "scalars.json").read_text().splitlines()
    tracked = [line["loss"] for line in map(json.loads, lines) if "acc" in line]
    assert len(tracked) == 3  # two within the training
    assert runner.message_hub.get_scalar("val/loss").data[0].tolist() == tracked
    assert len(list(Path(runner.work_dir).glob("best_loss_epoch_*.pth"))) == 1


def test_a_metric_has_not_the_name_of_a_loss(cfg: Config) -> None:
    cfg.val_cfg = {"loss": True}
    cfg.val_evaluator = {"type": NamedLoss}
    with pytest.raises(ValueError, match=r"both the val evaluator and the losses give .* 'loss'"):
        Runner.from_cfg(cfg).val()


def test_without_being_asked_there_is_no_loss(cfg: Config) -> None:
    runner = Runner.from_cfg(cfg)
    assert "loss" not in runner.val()
    assert set(runner.model.passes) == {"predict"}
