"""What a process of test_fsdp.py does."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FSDPModule

from engine.dist import all_gather, all_reduce, get_rank, is_sharded, local_tensor
from engine.hooks import Hook
from engine.model import BaseModel
from engine.optim import AmpOptimWrapper
from engine.runner import Runner

ddp_run: Any = importlib.import_module("ddp_run")


class Block(nn.Module):
    """A residual block of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(6, 10)
        self.fc2 = nn.Linear(10, 6)

        self.seen: set[torch.dtype] = set()
        self.passes = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen.add(self.fc1.weight.dtype)
        self.passes += 1
        added: Tensor = self.fc2(torch.tanh(self.fc1(x)))
        return x + added


class Blocks(BaseModel):
    """Blocks between a stem and a head; what it computes depends on the weights and the batch."""

    def __init__(self, dtype: str = "float64", norm: bool = False) -> None:
        init = [{"type": "XavierInit", "layer": "Linear", "distribution": "uniform"}]
        super().__init__(init_cfg=init)
        self.dtype = getattr(torch, dtype)
        self.stem = nn.Linear(4, 6)
        self.norm = nn.BatchNorm1d(6) if norm else nn.Identity()
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.head = nn.Linear(6, 3)
        self.register_buffer("scale", torch.full((), 2.0), persistent=False)
        self.to(self.dtype)
        self.seen: set[torch.dtype] = set()

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor", **extra: Any
    ) -> Any:
        self.seen.update(each.dtype for each in self.norm.parameters())
        x = self.norm(self.stem(inputs.to(self.dtype))) * self.scale
        for block in self.blocks:
            x = block(x)
        out = self.head(x)
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out, data_samples)}
        right = (out.argmax(1) == data_samples).tolist()
        rows = zip(extra["index"].tolist(), right, strict=True)
        return [{"index": index, "right": ok} for index, ok in rows]


class Parallel(Blocks):
    """One that says itself how it is sharded."""

    def parallelize(self, mesh: Any) -> list[nn.Module]:
        from torch.distributed.tensor.parallel import (
            ColwiseParallel,
            RowwiseParallel,
            parallelize_module,
        )

        for block in self.blocks:
            plan = {"fc1": ColwiseParallel(), "fc2": RowwiseParallel()}
            parallelize_module(block, mesh["tensor"], plan)
        return [*self.blocks]


class Head(nn.Linear):
    """One that is called by other methods than `forward`."""

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(self(x), labels)

    def predict(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight, self.bias).argmax(1)


class Headed(BaseModel):
    """A model whose validation does not begin with `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), Block()).double()
        self.head = Head(6, 3).double()

    def extract_feat(self, inputs: Tensor) -> Tensor:
        return torch.tanh(self.body(inputs))

    def val_step(self, data: Any) -> list[Any]:
        right = self.head.predict(self.extract_feat(data["inputs"])) == data["data_samples"]
        rows = zip(data["index"].tolist(), right.tolist(), strict=True)
        return [{"index": index, "right": ok} for index, ok in rows]

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor", **extra: Any
    ) -> Any:
        return {"loss": self.head.loss(self.extract_feat(inputs), data_samples)}


class Tied(Blocks):
    """One of whose layers share a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        self.again = nn.Linear(4, 6).double()
        self.again.weight = self.stem.weight

    def forward(self, inputs: Tensor, *args: Any, **kwargs: Any) -> Any:
        return super().forward(inputs + self.again(inputs)[:, :4], *args, **kwargs)


class Recorder(Hook):
    """Notes the first weights, and the loss of each iteration over all processes."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.first: dict[str, Tensor] = {}

    def before_train(self, runner: Runner) -> None:
        self.first = {k: v.clone() for k, v in runner.strategy.state_dict(runner.model).items()}

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        loss = outputs["loss"].detach().clone()
        all_reduce(loss, "mean")
        self.losses.append(loss.item())


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "clipped": {
        "optim_wrapper": {
            "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
            "clip_grad": {"max_norm": 0.2},
        }
    },
    "accumulated": {
        "train_cfg": {"by_epoch": False, "max_iters": 10},
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}, "accumulative_counts": 4},
    },
    "adamw": {
        "optim_wrapper": {
            "optimizer": {"type": "AdamW", "lr": 0.01, "weight_decay": 0.1},
            "paramwise_cfg": {"bias_decay_mult": 0.0, "custom_keys": {"head": {"lr_mult": 2.0}}},
        },
        "param_scheduler": {"type": "CosineAnnealingLR", "T_max": 9, "by_epoch": False},
    },
    "entered": {"model": {"type": Headed}},
    "tied": {"model": {"type": Tied}, "custom_hooks": [{"type": "EMAHook", "momentum": 0.3}]},
    "averaged": {
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.3}],
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 1,
                "save_best": "right",
                "rule": "greater",
            }
        },
    },
}


LOW: dict[str, dict[str, Any]] = {
    precision: {
        "model": {"type": Blocks, "dtype": "float32"},
        "strategy": {"device": "cpu", "precision": precision},
        "optim_wrapper": {**CASES["clipped"]["optim_wrapper"], "loss_scale": 128.0},
    }
    for precision in ("bf16", "fp16")
}

RESUMED: dict[str, Any] = {
    "train_cfg": {"by_epoch": False, "max_iters": 14},
    "optim_wrapper": {"optimizer": {"type": "AdamW", "lr": 0.01}, "accumulative_counts": 4},
    "custom_hooks": [{"type": "EMAHook", "momentum": 0.3}],
    "default_hooks": {"checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 6}},
    "param_scheduler": {"type": "CosineAnnealingLR", "T_max": 14, "by_epoch": False},
}
"""A training that is saved within a group of iterations."""


def main(rank: int, variables: Mapping[str, str], folder: str, of_one: str) -> None:
    """Do what several processes do; what one has done is in the folder `of_one`."""
    ddp_run.forbid_warnings()
    size = int(variables["WORLD_SIZE"])
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    try:
        if size == 2:
            for name, changes in CASES.items():
                strategy = {**_cfg(2)["strategy"]}
                if name == "entered":
                    strategy["shard"] = ["body.1", "head"]
                if name == "tied":
                    strategy["shard"] = ["head"]
                train(2, f"{folder}/{name}", strategy=strategy, **changes)
            _resumed(folder, of_one)
            _resumed_from_folder(folder)
            _shared(folder)
            _begun(folder)
            _parts(folder)
            _unused(folder)
            strategy = {"type": "FSDPStrategy", "device": "cpu", "shard": ["net.*"]}
            ddp_run.scored(2, f"{folder}/scored", strategy=strategy)
            _on_meta(folder)
            _in_low_precision(folder)
            _mistakes(folder)
        else:
            mesh: dict[str, Any]
            for name, mesh in ("replicas", {"replicate": 2}), ("tensor", {"tensor": 2}):
                strategy = {**_cfg(4)["strategy"], "mesh": mesh}
                shares = 4
                if name == "tensor":
                    strategy["tensor_plan"] = {"blocks.*.fc1": "colwise", "blocks.*.fc2": "rowwise"}
                    shares = 2
                train(shares, f"{folder}/{name}", strategy=strategy, **CASES["clipped"])
            strategy = {"type": "FSDPStrategy", "device": "cpu", "mesh": {"tensor": 2}}
            model = {"type": Parallel}
            train(2, f"{folder}/parallel", model=model, strategy=strategy, **CASES["adamw"])
    finally:
        distributed.destroy_process_group()


def _resumed(folder: str, of_one: str) -> None:
    """A training goes on exactly, and from what one process has saved as well as that does."""
    whole = train(2, f"{folder}/resumed", **RESUMED)
    for name, start in ("second", folder), ("other", of_one):
        point = f"{start}/resumed/iter_6.pth"
        second = train(2, f"{folder}/{name}", load_from=point, resume=True, **RESUMED)
        if start == folder:
            theirs = whole.model.state_dict()
            for key, ours in second.model.state_dict().items():
                assert torch.equal(local_tensor(ours), local_tensor(theirs[key])), key


def _resumed_from_folder(folder: str) -> None:
    """So it does from a checkpoint folder, of which each process reads its shards."""
    hook = {**RESUMED["default_hooks"]["checkpoint"], "layout": "folder", "background": True}
    changes = {**RESUMED, "default_hooks": {"checkpoint": hook}}
    whole = train(2, f"{folder}/folders", **changes)
    point = f"{folder}/folders/iter_6"
    second = train(2, f"{folder}/from_folder", load_from=point, resume=True, **changes)
    theirs = whole.model.state_dict()
    for key, ours in second.model.state_dict().items():
        assert torch.equal(local_tensor(ours), local_tensor(theirs[key])), key


def _shared(folder: str) -> None:
    """All processes together have each parameter, and what an optimizer knows of it, once."""
    runner = train(2, f"{folder}/shared", **CASES["adamw"])
    parameters = [*runner.model.parameters()]
    moments = [state["exp_avg"] for state in runner.optim_wrapper.optimizer.state.values()]
    size = sum(each.numel() for each in parameters)
    for tensors in parameters, moments:
        mine = torch.tensor(sum(local_tensor(each).numel() for each in tensors))
        assert 0.4 * size < mine < 0.6 * size
        all_reduce(mine)
        assert mine == size


def _begun(folder: str) -> None:
    """The weights are those of the first process, however the model is built."""
    ways: dict[str, dict[str, Any]] = {
        "meta": {"init": "meta"},
        "one_unit": {"shard": None},
        "compiled": {"compile": {"backend": "eager"}},
    }
    for name, changes in ways.items():
        strategy = {**_cfg(2)["strategy"], **changes}
        seeds = {"seed": 3, "diff_rank_seed": name == "one_unit"}
        with warnings.catch_warnings():
            if name == "compiled":  # torch warns of itself
                warnings.simplefilter("ignore")
            train(2, f"{folder}/{name}", strategy=strategy, randomness=seeds)
    recomputed = train(2, f"{folder}/recomputed", activation_checkpointing=["blocks.*"])
    plain = train(2, f"{folder}/again")
    assert recomputed.model.blocks[0].passes == plain.model.blocks[0].passes + plain.iter


def _parts(folder: str) -> None:
    """A model whose `train_step` runs parts of it can be run whole as well."""
    optim_wrapper = {"constructor": ddp_run.PartsConstructor, "lr": 0.1}
    strategy = {"type": "FSDPStrategy", "device": "cpu", "shard": ["first", "second"]}
    runner = make_runner(
        2,
        f"{folder}/parts",
        model={"type": ddp_run.Game},
        optim_wrapper=optim_wrapper,
        strategy=strategy,
        **{f"val_{part}": None for part in ("dataloader", "cfg", "evaluator")},
    )
    runner.train()
    assert runner.model(torch.ones(2, 4).double()).shape == (2, 1)


class Uneven(Blocks):
    """One of which each process uses another part."""

    def __init__(self) -> None:
        super().__init__()
        self.others = nn.ModuleList(nn.Linear(4, 4) for _ in range(2)).double()

    def forward(self, inputs: Tensor, *args: Any, **kwargs: Any) -> Any:
        return super().forward(self.others[get_rank()](inputs), *args, **kwargs)


def _unused(folder: str) -> None:
    """Processes may use different parameters, where the config of the run says so."""
    changes = {"model": {"type": Uneven}, "find_unused_parameters": True}
    if not hasattr(FSDPModule, "set_reduce_scatter_unused_params"):  # an older version of torch
        with pytest.raises(ValueError, match="FSDPStrategy has no find_unused_parameters in torch"):
            train(2, f"{folder}/unused", **changes)
        return
    runner = train(2, f"{folder}/unused", **changes)
    weights = runner.strategy.state_dict(runner.model)
    if runner.rank == 0:
        first = torch.load(f"{folder}/unused/result.pth", weights_only=True)["first"]
        for name, weight in weights.items():
            assert not torch.equal(weight, first[name]), name


def _in_low_precision(folder: str) -> None:
    """Units are gathered in the lower precision, and batch normalization is not."""
    for name, changes in LOW.items():
        precision = changes["strategy"]["precision"]
        strategy = {**_cfg(2)["strategy"], "precision": precision}
        train(2, f"{folder}/{name}", **{**changes, "strategy": strategy})
        model = {"type": Blocks, "dtype": "float32", "norm": True}
        strategy["shard"] = ["blocks.*", "norm"]
        runner = train(
            2, f"{folder}/{name}_norm", **{**changes, "strategy": strategy, "model": model}
        )
        lower = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        assert runner.model.blocks[0].seen == {lower}
        assert runner.model.seen == {torch.float32}
        assert isinstance(runner.optim_wrapper, AmpOptimWrapper)
        assert runner.optim_wrapper.loss_scaler.is_enabled() == (precision == "fp16")
    synced = make_runner(2, folder, model=model, strategy=strategy, sync_bn="torch")
    assert isinstance(synced.model.norm, nn.SyncBatchNorm)
    assert is_sharded(synced.model.norm.weight)


def _on_meta(folder: str) -> None:
    """Processes go on with the same random numbers, and a model that can't be built is told of."""
    strategy = {**_cfg(2)["strategy"], "init": "meta"}
    runner = make_runner(2, f"{folder}/on_meta", strategy=strategy)
    ours, theirs = all_gather(torch.get_rng_state())
    assert torch.equal(ours, theirs)
    if runner.rank == 1:
        told = r"can't be built on the meta device: .*; set strategy.init='rank0'$"
        with pytest.raises(RuntimeError, match=told), runner.strategy.building():
            torch.ones(()).item()


def _mistakes(folder: str) -> None:
    options: list[tuple[dict[str, Any], str]] = [
        ({"shard": ["blocks.*", "heads"]}, "Blocks has no module 'heads'; did you mean 'head'"),
        (
            {"mesh": {"shard": 3}},
            "replicate=1, shard=3, tensor=1 is a mesh of 3 processes, and there are 2",
        ),
        ({"mesh": {"replicate": 4}}, "is a mesh of a multiple of 4 processes, and there are 2"),
        ({"mesh": {"shard": -1, "tensor": -1}}, "one of them may be -1"),
        ({"mesh": {"tensor": 2}}, r"tensor=2 needs strategy.tensor_plan, or a method parallelize"),
    ]
    for wrong, told in options:
        with pytest.raises(ValueError, match=told):
            make_runner(2, folder, strategy={**_cfg(2)["strategy"], **wrong})
    with pytest.raises(ValueError, match="without a wrapper: leave out model_wrapper_cfg"):
        make_runner(2, folder, model_wrapper_cfg={"type": "MMDistributedDataParallel"})
    unequal = _cfg(2)["val_dataloader"]
    unequal["sampler"]["round_up"] = False
    unequal["batch_size"] = 1
    with pytest.raises(ValueError, match="the processes have 21, 20 batches of val data"):
        make_runner(2, folder, val_dataloader=unequal).val()


def train(size: int, folder: str, **changes: Any) -> Runner:
    """Train, and write down what a run in another number of processes must equal."""
    recorder = Recorder()
    hooks = [recorder, *changes.pop("custom_hooks", ())]
    runner = make_runner(size, folder, **changes, custom_hooks=hooks)
    runner.train()
    score = runner.val()
    weights = runner.strategy.state_dict(runner.model)
    if runner.rank == 0:
        norms = runner.message_hub.log_scalars.get("train/grad_norm")
        found = {
            "first": recorder.first,
            "losses": recorder.losses,
            "weights": weights,
            "score": score,
            "norms": [] if norms is None else norms.data[0].tolist(),
        }
        torch.save(found, f"{folder}/result.pth")
    return runner


def make_runner(size: int, folder: str, **changes: Any) -> Runner:
    return Runner.from_cfg({**_cfg(size), "work_dir": folder, **changes})


def _cfg(size: int) -> dict[str, Any]:
    cfg: dict[str, Any] = ddp_run.make_cfg(size)
    cfg["optim_wrapper"]["optimizer"]["lr"] = 0.1
    cfg |= {"model": {"type": Blocks}, "train_cfg": {"by_epoch": True, "max_epochs": 3}}
    if size > 1:
        cfg["strategy"] = {"type": "FSDPStrategy", "device": "cpu", "shard": ["blocks.*", "head"]}
    return cfg
