"""What a process of test_ddp.py does."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

from engine.evaluator import BaseMetric
from engine.hooks import Hook
from engine.model import BaseModel, MMDistributedDataParallel, unwrapped
from engine.runner import Runner, TrainingInterrupted

GLOBAL_BATCH = 16


class Classifier(BaseModel):
    """Two layers; what it computes depends on the weights and the batch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor", **extra: Any
    ) -> Any:
        out = self.net(inputs)
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out, data_samples)}
        right = (out.argmax(1) == data_samples).tolist()
        rows = zip(extra["index"].tolist(), right, strict=True)
        return [{"index": index, "right": ok} for index, ok in rows]


class Points(torch.utils.data.Dataset[dict[str, Any]]):
    """Points of three classes."""

    def __init__(self, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(size, 4, generator=generator, dtype=torch.float64)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Any]:
        point = self.points[index]
        return {"inputs": point, "data_samples": point[:3].argmax(), "index": index}


class Exact(BaseMetric):
    """Tells whether each sample came once and in order."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {
            "count": len(results),
            "right": sum(each["right"] for each in results),
            "in_order": [each["index"] for each in results] == [*range(len(results))],
        }


class SignalFromLast(Hook):
    """Sends the last process a signal at the second iteration."""

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == 1 and runner.rank == runner.world_size - 1:
            os.kill(os.getpid(), signal.SIGTERM)


def main(rank: int, variables: Mapping[str, str], folder: str) -> None:
    """Train, validate, resume and stop."""
    warnings.simplefilter("error")
    size = int(variables["WORLD_SIZE"])
    if size > 1:
        os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        _whole(size, f"{folder}/whole")
        _resumed(size, f"{folder}/resumed")
        _stopped(size, f"{folder}/stopped")
    finally:
        if size > 1:
            distributed.destroy_process_group()


def _whole(size: int, folder: str) -> None:
    runner = _runner(size, folder, train_cfg={"by_epoch": True, "max_epochs": 3})
    runner.train()
    assert isinstance(runner.model, MMDistributedDataParallel) == (size > 1)
    assert (runner.world_size, runner.distributed) == (size, size > 1)
    metrics = runner.test()
    assert metrics == runner.val()
    assert metrics["count"] == 41
    assert metrics["in_order"]
    if runner.rank == 0:
        state = unwrapped(runner.model).state_dict()
        torch.save({"weights": state, "right": metrics["right"]}, f"{folder}/result.pth")


def _resumed(size: int, folder: str) -> None:
    """A training that is resumed within a group of iterations ends as the whole one."""
    accumulates = {**_cfg(size)["optim_wrapper"], "accumulative_counts": 4}
    saves = {"type": "CheckpointHook", "by_epoch": False, "interval": 6}
    changes: dict[str, Any] = {
        "train_cfg": {"by_epoch": False, "max_iters": 12},
        "optim_wrapper": accumulates,
        "default_hooks": {"checkpoint": saves},
    }
    whole = _runner(size, folder, **changes)
    whole.train()
    second = _runner(size, folder, load_from=f"{folder}/iter_6.pth", resume=True, **changes)
    second.train()
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def _stopped(size: int, folder: str) -> None:
    """A signal to one process stops all at the same step."""
    hooks = [SignalFromLast()]
    train_cfg = {"by_epoch": False, "max_iters": 30}
    runner = _runner(size, folder, train_cfg=train_cfg, custom_hooks=hooks, log_level="ERROR")
    try:
        runner.train()
    except TrainingInterrupted:
        assert runner.iter == (10 if size > 1 else 2)
        if runner.rank == 0:  # the others don't wait until it is written
            assert Path(folder, f"interrupted_iter_{runner.iter}.pth").is_file()
    else:
        raise AssertionError("the signal did not stop the training")


def _runner(size: int, folder: str, **changes: Any) -> Runner:
    return Runner.from_cfg({**_cfg(size), "work_dir": folder, **changes})


def _cfg(size: int) -> dict[str, Any]:
    def loader(samples: int, **sampler: Any) -> dict[str, Any]:
        return {
            "batch_size": GLOBAL_BATCH // size,
            "sampler": {"type": "DefaultSampler", **sampler},
            "dataset": {"type": Points, "size": samples},
            "collate_fn": "default_collate",
        }

    cfg: dict[str, Any] = {
        "model": {"type": Classifier},
        "train_dataloader": loader(40, shuffle=True),
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.5, "momentum": 0.9}},
        "randomness": {"seed": 3},
        "launcher": "pytorch" if size > 1 else "none",
        "strategy": {"device": "cpu"},
        "log_level": "WARNING",
    }
    for mode in ("val", "test"):
        cfg[f"{mode}_dataloader"] = loader(41, shuffle=False)
        cfg[f"{mode}_cfg"] = {}
        cfg[f"{mode}_evaluator"] = {"type": Exact}
    return cfg
