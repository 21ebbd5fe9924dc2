"""What a process of test_folder_checkpoints.py does."""

from __future__ import annotations

import importlib
import os
import resource
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn

from engine.checkpoint import describe_checkpoint, read_checkpoint
from engine.dist import get_rank, get_world_size
from engine.hooks import Hook
from engine.model import BaseModel, get_state_dict
from engine.optim import OptimWrapper, OptimWrapperDict
from engine.runner import CheckpointError, DDPStrategy, Runner, TrainingInterrupted

SAMPLES = 32


class Classifier(BaseModel):
    """Two layers, with statistics that differ from one process to another if `normalized`."""

    def __init__(self, normalized: bool = False) -> None:
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.norm = nn.BatchNorm1d(6) if normalized else nn.Identity()
        self.second = nn.Linear(6, 3)  # which 2 and 4 processes don't share evenly

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.second(torch.tanh(self.norm(self.first(inputs))))
        return {"loss": nn.functional.cross_entropy(out, data_samples)} if mode == "loss" else out


class TwoOptimizers(Classifier):
    """A model each layer of which has an optimizer."""

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        loss = self(**data, mode="loss")["loss"]
        loss.backward()
        for wrapper in optim_wrapper.values():
            wrapper.step()
            wrapper.zero_grad()
        return {"loss": loss.detach()}


class LayersConstructor:
    """Makes an optimizer for each layer."""

    def __init__(self, optim_wrapper_cfg: Any) -> None:
        self.lr = optim_wrapper_cfg["lr"]

    def __call__(self, model: Any) -> OptimWrapperDict:
        layers = {"first": model.first, "second": model.second}
        return OptimWrapperDict(
            **{
                name: OptimWrapper(torch.optim.Adam(layer.parameters(), self.lr))
                for name, layer in layers.items()
            }
        )


class Points(torch.utils.data.Dataset[dict[str, Any]]):
    """Points of three classes, with noise that is drawn anew each time."""

    def __init__(self) -> None:
        self.points = torch.randn(SAMPLES, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> dict[str, Any]:
        point = self.points[index]
        return {"inputs": point + 0.01 * torch.randn(4), "data_samples": point[:3].argmax()}


class ShardingStrategy(DDPStrategy):
    """Shards all parameters over all processes, or over each pair of them."""

    def __init__(self, pairs: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.pairs = pairs

    def prepare(self, model: Any, wrapper_cfg: Mapping[str, Any] | None = None) -> Any:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        size = get_world_size()
        if self.pairs:
            mesh = init_device_mesh("cpu", (size // 2, 2), mesh_dim_names=("replicate", "shard"))
        else:
            mesh = init_device_mesh("cpu", (size,), mesh_dim_names=("shard",))
        for part in (model.first, model.second):
            fully_shard(part, mesh=mesh)
        fully_shard(model, mesh=mesh)
        return model


class SignalAt(Hook):
    """Sends the last process a signal at an iteration."""

    def __init__(self, at: int) -> None:
        self.at = at

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == self.at and runner.rank == runner.world_size - 1:
            os.kill(os.getpid(), signal.SIGTERM)


def main(rank: int, variables: Mapping[str, str], folder: str, had: str) -> None:
    """Train and resume in one or several processes.

    Args:
        rank: The number of the process.
        variables: What torchrun sets.
        folder: Where the runs are.
        had: A number of processes of which there is a run already.
    """
    importlib.import_module("ddp_run").forbid_warnings()
    size = int(variables["WORLD_SIZE"])
    if size > 1:
        os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    kind = "sharded" if size > 1 else "whole"
    try:
        if had:
            _resumed_from_another_world(f"{folder}/{had}", kind)
        _whole_and_resumed(f"{folder}/{size}", kind)
        if size == 2:
            _whole_and_resumed(f"{folder}/ddp", "ddp")
            two = {
                "model": {"type": TwoOptimizers},
                "optim_wrapper": {"constructor": LayersConstructor, "lr": 0.05},
                "param_scheduler": None,
            }
            _whole_and_resumed(f"{folder}/optimizers", "sharded", **two)
            _stopped(f"{folder}/stopped")
            _failed(f"{folder}/failed")
        if size == 4:
            _whole_and_resumed(f"{folder}/pairs", "pairs")
            facts = describe_checkpoint(f"{folder}/pairs/epoch_1")
            assert (facts["world_size"], facts["mesh"]) == (4, {"replicate": 2, "shard": 2})
    finally:
        if size > 1:
            distributed.destroy_process_group()


def _whole_and_resumed(folder: str, kind: str, **changes: Any) -> None:
    """A training that is resumed ends as the whole one, bit for bit."""
    whole = _runner(folder, kind, **changes)
    whole.train()
    expected = _full_state(whole)
    if get_rank() == 0:
        torch.save(_full_state(whole, "epoch_1"), f"{folder}/expected.pth")
    second = _runner(f"{folder}_resumed", kind, resume=f"{folder}/epoch_1", **changes)
    second.train()
    torch.testing.assert_close(_full_state(second), expected, rtol=0, atol=0)


def _resumed_from_another_world(folder: str, kind: str) -> None:
    """Another number of processes gets the weights and the state of the optimizer, bit for bit."""
    runner = _runner(f"{folder}_in_{get_world_size()}", kind, epochs=1)
    runner.train()  # whose state is replaced
    runner.resume(f"{folder}/epoch_1")
    expected = torch.load(f"{folder}/expected.pth", weights_only=True)
    assert (runner.epoch, runner.iter) == (1, expected.pop("iter"))
    torch.testing.assert_close(_full_state(runner), expected, rtol=0, atol=0)
    assert runner.param_schedulers[0].last_step == 1


def _full_state(runner: Runner, name: str = "") -> dict[str, Any]:
    """Return weights and the state of the optimizer, whole."""
    if name:  # as it was when a checkpoint was made
        checkpoint = read_checkpoint(f"{runner.work_dir}/{name}")
        kept = {key: checkpoint[key] for key in ("state_dict", "ema_state_dict", "optimizer")}
        return {**kept, "state_dict": {**kept["state_dict"]}, "iter": checkpoint["meta"]["iter"]}
    [average] = [hook.average for hook in runner.hooks if isinstance(hook, AverageHook)]
    return {
        "state_dict": _whole(get_state_dict(runner.model)),
        "ema_state_dict": _whole(average),
        "optimizer": _whole(runner.optim_wrapper.state_dict()),
    }


def _whole(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _whole(each) for key, each in content.items()}
    if isinstance(content, list):
        return [_whole(each) for each in content]
    return content.full_tensor() if hasattr(content, "full_tensor") else content


class AverageHook(Hook):
    """Keeps an average of the weights of its own, sharded as they are."""

    checkpoint_keys = ("ema_state_dict",)

    def __init__(self) -> None:
        self.average: dict[str, Any] = {}

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        for name, each in runner.model.named_parameters():
            weight = each.detach()
            self.average[name] = (self.average.get(name, weight) + weight) / 2

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        checkpoint["ema_state_dict"] = dict(self.average)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        self.average = dict(checkpoint["ema_state_dict"])


def _stopped(folder: str) -> None:
    """A signal to one process: the interrupted training is saved whole before it ends."""
    epochs = 8  # of two steps each, and the processes agree within ten
    whole = _runner(f"{folder}_whole", "sharded", epochs)
    whole.train()
    first = _runner(folder, "sharded", epochs, custom_hooks=[AverageHook(), SignalAt(1)])
    with pytest.raises(TrainingInterrupted):
        first.train()
    assert Path(folder, "last_checkpoint").read_text() == f"interrupted_iter_{first.iter}"
    second = _runner(folder, "sharded", epochs, resume=True)
    second.train()
    torch.testing.assert_close(_full_state(second), _full_state(whole), rtol=0, atol=0)


def _failed(folder: str) -> None:
    """What one process can't write is an error of all, at the next checkpoint; none is there."""
    runner = _runner(folder, "sharded", custom_hooks=[AverageHook(), SmallDisk()])
    with pytest.raises(CheckpointError, match=r"epoch_1 could not be written: process 1: .*large"):
        runner.train()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert not {"epoch_1", "epoch_1.partial", "last_checkpoint"} & {*os.listdir(folder)}


class SmallDisk(Hook):
    """Lets the last process write no more than a few bytes."""

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        if runner.rank:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


def _runner(folder: str, kind: str, epochs: int = 2, **changes: Any) -> Runner:
    """Return the runner of a small training that saves folders in the background."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    strategy: dict[str, Any] = {}
    if kind in ("sharded", "pairs"):
        strategy = {"type": ShardingStrategy, "pairs": kind == "pairs"}
    cfg: dict[str, Any] = {
        "model": {"type": Classifier, "normalized": kind == "ddp"},
        "work_dir": folder,
        "train_dataloader": {
            "batch_size": 16 // size,
            "sampler": {"type": "DefaultSampler", "shuffle": True},
            "dataset": {"type": Points},
            "collate_fn": "default_collate",
        },
        "train_cfg": {"by_epoch": True, "max_epochs": epochs},
        "optim_wrapper": {
            "optimizer": {"type": "AdamW", "lr": 0.05},
            "paramwise_cfg": {"custom_keys": {"second": {"lr_mult": 2}}},
        },
        "param_scheduler": {"type": "StepLR", "step_size": 1, "gamma": 0.5},
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 1,
                "layout": "folder",
                "background": True,
            }
        },
        "custom_hooks": [AverageHook()],
        "randomness": {"seed": 3},
        "launcher": "pytorch" if size > 1 else "none",
        "strategy": {"device": "cpu", **strategy},
        "log_level": "ERROR",
    }
    return Runner.from_cfg({**cfg, **changes})
