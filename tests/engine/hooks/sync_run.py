"""What a process of test_distributed.py does."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

from engine.dist import all_gather, get_rank
from engine.evaluator import BaseMetric
from engine.hooks import Hook
from engine.model import BaseModel, unwrap
from engine.runner import Runner


class Norm(BaseModel):
    """Batch normalization, and a buffer that is no floating point number."""

    rank: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.fc = nn.Linear(4, 1)
        self.register_buffer("rank", torch.tensor([get_rank()]))

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.fc(self.norm(inputs))
        return {"loss": out.square().mean()} if mode == "loss" else [{"out": row} for row in out]


class Points(torch.utils.data.Dataset[dict[str, Any]]):
    """Points, of which each process sees its share."""

    def __init__(self) -> None:
        self.points = torch.randn(32, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"inputs": self.points[index]}


class Count(BaseMetric):
    """The number of samples."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += [1 for _ in data_samples]

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"count": len(results)}


class Watch(Hook):
    """Notes the buffers of all processes where the hook has them synchronized, and before."""

    def __init__(self, priority: str) -> None:
        self.priority = priority
        self.seen: list[list[Tensor]] = []

    def after_train_epoch(self, runner: Runner) -> None:
        self._note(runner)

    def before_val_epoch(self, runner: Runner) -> None:
        self._note(runner)

    def _note(self, runner: Runner) -> None:
        mean = _model(runner).norm.running_mean
        assert mean is not None
        self.seen.append(all_gather(mean))


def _model(runner: Runner) -> Norm:
    model = unwrap(runner.model)
    assert isinstance(model, Norm)
    return model


def main(rank: int, variables: Mapping[str, str], folder: str) -> None:
    """Train by epochs and by iterations, and resume."""
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated")  # newest torch only
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        _check({"by_epoch": True, "max_epochs": 2}, f"{folder}/epochs", 4)
        _check({"by_epoch": False, "max_iters": 4, "val_interval": 2}, f"{folder}/iters", 3)
        _averaged(f"{folder}/ema")
    finally:
        distributed.destroy_process_group()


def _check(train_cfg: dict[str, Any], folder: str, points: int) -> None:
    before, after = Watch("ABOVE_NORMAL"), Watch("BELOW_NORMAL")
    runner = _runner(folder, train_cfg, [before, after, {"type": "SyncBuffersHook"}])
    runner.train()
    assert len(before.seen) == len(after.seen) == points
    assert not torch.equal(*before.seen[0])
    for own, mean in zip(before.seen, after.seen, strict=True):
        assert torch.equal(*mean)
        torch.testing.assert_close(mean[0], torch.stack(own).mean(0))
    assert _model(runner).rank.item() == get_rank()


def _averaged(folder: str) -> None:
    """A resumed training has the weights and the average of one that was not, in all processes."""
    train_cfg = {"by_epoch": True, "max_epochs": 2}
    hooks = [{"type": "SyncBuffersHook"}, {"type": "EMAHook", "momentum": 0.1}]
    whole = _runner(f"{folder}/whole", train_cfg, hooks)
    whole.train()
    halves = f"{folder}/halves"
    file = str(Path(folder) / "whole" / "epoch_1.pth")
    second = _runner(halves, train_cfg, hooks, load_from=file, resume=True)
    second.train()
    for runner in (whole, second):
        ema = next(hook for hook in runner.hooks if hasattr(hook, "ema_model"))
        for weight in ema.ema_model.module.fc.parameters():
            assert torch.equal(*all_gather(weight.data))
    ours, theirs = second.model.state_dict(), whole.model.state_dict()
    del ours["module.rank"], theirs["module.rank"]  # the checkpoint has that of the first process
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def _runner(folder: str, train_cfg: dict[str, Any], hooks: list[Any], **changes: Any) -> Runner:
    def loader(shuffle: bool) -> dict[str, Any]:
        return {
            "batch_size": 8,
            "sampler": {"type": "DefaultSampler", "shuffle": shuffle},
            "dataset": {"type": Points},
            "collate_fn": "default_collate",
        }

    return Runner.from_cfg(
        {
            "model": {"type": Norm},
            "work_dir": folder,
            "train_dataloader": loader(True),
            "train_cfg": train_cfg,
            "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
            "val_dataloader": loader(False),
            "val_cfg": {},
            "val_evaluator": {"type": Count},
            "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
            "custom_hooks": hooks,
            "randomness": {"seed": 3},
            "model_wrapper_cfg": {"broadcast_buffers": False},
            "launcher": "pytorch",
            "strategy": {"device": "cpu"},
            "log_level": "ERROR",
            **changes,
        }
    )
