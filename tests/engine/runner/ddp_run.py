"""What a process of test_ddp.py does."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, distributed, nn

from engine.dist import all_gather, local_tensor
from engine.evaluator import BaseMetric
from engine.hooks import Hook
from engine.model import BaseModel, MMDistributedDataParallel, get_state_dict, unwrap
from engine.optim import OptimWrapper, OptimWrapperDict
from engine.runner import DDPStrategy, Runner, TrainingInterrupted

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


class Normalized(Classifier):
    """One whose statistics differ from one process to another."""

    def __init__(self) -> None:
        super().__init__()
        self.net.insert(1, nn.BatchNorm1d(8).double())

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor", **extra: Any
    ) -> Any:
        if mode == "predict":
            return [{"outputs": each} for each in self.net(inputs)]
        return super().forward(inputs, data_samples, mode, **extra)


class Outputs(BaseMetric):
    """The mean of all that the model gives."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [each["outputs"] for each in data_samples]

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"mean": torch.stack(results).abs().mean().item()}


class SignalFromLast(Hook):
    """Sends the last process a signal at the second iteration."""

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == 1 and runner.rank == runner.world_size - 1:
            os.kill(os.getpid(), signal.SIGTERM)


def forbid_warnings() -> None:
    """Make an error of each warning but those that torch before 2.14 gives itself."""
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "TypedStorage is deprecated")
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")


def main(rank: int, variables: Mapping[str, str], folder: str) -> None:
    """Train, validate, resume and stop."""
    forbid_warnings()
    size = int(variables["WORLD_SIZE"])
    if size > 1:
        os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        _whole(size, f"{folder}/whole")
        _resumed(size, f"{folder}/resumed")
        _shared_optimizer(size, f"{folder}/zero")
        _parts(size, f"{folder}/parts")
        _static_graph(size, f"{folder}/static")
        _stopped(size, f"{folder}/stopped")
        scored(size, f"{folder}/scored")
        if size == 2:
            _sharded(f"{folder}/sharded")
            _seeded(f"{folder}/seeded")
    finally:
        if size > 1:
            distributed.destroy_process_group()


def _whole(size: int, folder: str) -> None:
    runner = make_runner(size, folder, train_cfg={"by_epoch": True, "max_epochs": 3})
    runner.train()
    assert isinstance(runner.model, MMDistributedDataParallel) == (size > 1)
    assert (runner.world_size, runner.distributed) == (size, size > 1)
    metrics = runner.test()
    assert metrics == runner.val()
    assert metrics["count"] == 41
    assert metrics["in_order"]
    if runner.rank == 0:
        state = unwrap(runner.model).state_dict()
        torch.save({"weights": state, "right": metrics["right"]}, f"{folder}/result.pth")


def _resumed(size: int, folder: str) -> None:
    """A training that is resumed within a group of iterations ends as the whole one."""
    accumulates = {**make_cfg(size)["optim_wrapper"], "accumulative_counts": 4}
    saves = {"type": "CheckpointHook", "by_epoch": False, "interval": 6}
    changes: dict[str, Any] = {
        "train_cfg": {"by_epoch": False, "max_iters": 12},
        "optim_wrapper": accumulates,
        "default_hooks": {"checkpoint": saves},
    }
    whole = make_runner(size, folder, **changes)
    whole.train()
    second = make_runner(size, folder, load_from=f"{folder}/iter_6.pth", resume=True, **changes)
    second.train()
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def _shared_optimizer(size: int, folder: str) -> None:
    """An optimizer whose state is shared out gives the weights of one, also after a resume."""
    optimizer: dict[str, Any] = {"type": "AdamW", "lr": 0.01}
    if size > 1:
        optimizer = {"type": "ZeroRedundancyOptimizer", "optimizer_type": "AdamW", "lr": 0.01}
    changes: dict[str, Any] = {
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "optim_wrapper": {"optimizer": optimizer},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
    }
    whole = make_runner(size, folder, **changes)
    whole.train()
    saved = torch.load(f"{folder}/epoch_1.pth", weights_only=True)
    assert len(saved["optimizer"]["state"]) == 4  # of all parameters, whoever had them
    second = make_runner(size, folder, resume=f"{folder}/epoch_1.pth", **changes)
    second.train()
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    _keep_result(whole, folder)


def scored(size: int, folder: str, **more: Any) -> None:
    """The score of a validation is that of the checkpoint, and changes nothing in a training."""
    changes: dict[str, Any] = {
        **more,
        "model": {"type": Normalized},
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "val_evaluator": {"type": Outputs},
        "test_evaluator": {"type": Outputs},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
    }
    runner = make_runner(size, folder, **changes)
    runner.train()
    scores = runner.message_hub.log_scalars["val/mean"].last(2)
    for epoch, score in enumerate(scores, 1):
        alone = make_runner(
            size, f"{folder}_{epoch}", load_from=f"{folder}/epoch_{epoch}.pth", **changes
        )
        assert alone.val()["mean"] == score
    without = {f"val_{part}": None for part in ("dataloader", "cfg", "evaluator")}
    blind = make_runner(size, f"{folder}_blind", **{**changes, **without})
    blind.train()
    theirs = blind.model.state_dict()
    assert all(torch.equal(each, theirs[name]) for name, each in runner.model.state_dict().items())


class ShardingStrategy(DDPStrategy):
    """Shards parameters in a way of its own."""

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        fully_shard(model, mesh=init_device_mesh("cpu", (2,)))
        return model


def _sharded(folder: str) -> None:
    """What a strategy shards is saved whole, and a training goes on with it."""
    changes: dict[str, Any] = {
        "strategy": {"type": ShardingStrategy, "device": "cpu"},
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 1}},
    }
    whole = make_runner(2, folder, **changes)
    whole.train()
    saved = torch.load(f"{folder}/epoch_1.pth", weights_only=True)
    assert saved["state_dict"]["net.0.weight"].shape == (8, 4)
    assert saved["optimizer"]["state"][0]["momentum_buffer"].shape == (8, 4)
    second = make_runner(2, folder, resume=f"{folder}/epoch_1.pth", **changes)
    second.train()
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(local_tensor(ours), local_tensor(theirs))


class Game(BaseModel):
    """Two parts that are trained by turns."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4).double()
        self.second = nn.Linear(4, 1).double()
        self.fixed = nn.Identity()

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        x = data["inputs"]
        with optim_wrapper["second"].optim_context(self.second):
            loss = (self.second(self.first(x).detach()) - 1).square().mean()
        optim_wrapper["second"].update_params(loss)
        with optim_wrapper["first"].optim_context(self.first):
            other = self.second(self.fixed(self.first(x))).square().mean()
        optim_wrapper["first"].update_params(other)
        optim_wrapper["second"].zero_grad()
        return {"loss": loss.detach(), "other": other.detach()}

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        return self.second(self.first(inputs))


class PartsConstructor:
    """Makes a wrapper for each part of the game."""

    def __init__(self, optim_wrapper_cfg: Any) -> None:
        self.cfg = optim_wrapper_cfg

    def __call__(self, model: Any) -> OptimWrapperDict:
        parts = {"first": model.first, "second": model.second}
        return OptimWrapperDict(
            **{
                name: OptimWrapper(torch.optim.SGD(part.parameters(), self.cfg["lr"]))
                for name, part in parts.items()
            }
        )


def _parts(size: int, folder: str) -> None:
    """Parts that are wrapped by themselves train as those of one process do."""
    runner = make_runner(
        size,
        folder,
        model={"type": Game},
        train_cfg={"by_epoch": True, "max_epochs": 2},
        optim_wrapper={"constructor": PartsConstructor, "lr": 0.1},
        model_wrapper_cfg={"type": "MMSeparateDistributedDataParallel"},
        **{
            f"{mode}_{part}": None
            for mode in ("val", "test")
            for part in ("dataloader", "cfg", "evaluator")
        },
    )
    runner.train()
    _keep_result(runner, folder)


def _static_graph(size: int, folder: str) -> None:
    """A graph that is static may be trained with accumulated gradients."""
    optim_wrapper = {**make_cfg(size)["optim_wrapper"], "accumulative_counts": 4}
    wrapper = {"type": "MMDistributedDataParallel", "static_graph": True}
    runner = make_runner(
        size,
        folder,
        train_cfg={"by_epoch": False, "max_iters": 10},
        optim_wrapper=optim_wrapper,
        model_wrapper_cfg=wrapper,
    )
    runner.train()
    _keep_result(runner, folder)


class Initialized(Classifier):
    """One whose weights are drawn when the training begins."""

    def __init__(self) -> None:
        super().__init__()
        self.init_cfg = {"type": "XavierInit", "layer": "Linear"}


def _seeded(folder: str) -> None:
    """Processes with seeds of their own begin with the weights of the first."""
    runner = make_runner(
        2,
        folder,
        model={"type": Initialized},
        train_cfg={"by_epoch": False, "max_iters": 1},
        randomness={"seed": 3, "diff_rank_seed": True},
    )
    runner.train()
    for parameter in runner.model.parameters():
        ours, theirs = all_gather(parameter.detach())
        assert torch.equal(ours, theirs)


def _keep_result(runner: Runner, folder: str) -> None:
    if runner.rank == 0:
        torch.save({"weights": dict(get_state_dict(runner.model))}, f"{folder}/result.pth")


class Clock(Hook):
    """A clock that only training steps move, by so many seconds each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self.now += self.seconds


def _stopped(size: int, folder: str) -> None:
    """A signal to one process stops all at the same step, at once where steps are slow."""
    for seconds, shared in ((0.001, 11), (4.0, 2), (0.3, 4)):
        clock = Clock(seconds)
        with patch("time.monotonic", lambda clock=clock: clock.now):
            done = _iters_before_stop(size, f"{folder}_{seconds}", clock)
        assert done == (shared if size > 1 else 2), (seconds, done)


def _iters_before_stop(size: int, folder: str, clock: Clock) -> int:
    hooks = [SignalFromLast(), clock]
    train_cfg = {"by_epoch": False, "max_iters": 30}
    runner = make_runner(size, folder, train_cfg=train_cfg, custom_hooks=hooks, log_level="ERROR")
    try:
        runner.train()
    except TrainingInterrupted:
        if runner.rank == 0:  # the others don't wait until it is written
            assert Path(folder, f"interrupted_iter_{runner.iter}.pth").is_file()
        return runner.iter
    raise AssertionError("the signal did not stop the training")


def make_runner(size: int, folder: str, **changes: Any) -> Runner:
    return Runner.from_cfg({**make_cfg(size), "work_dir": folder, **changes})


def make_cfg(size: int) -> dict[str, Any]:
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
