"""Training on one device: images per second, over a plain PyTorch loop.

`python scripts/bench gpu` takes less than five minutes on one GPU, and prints

- the images per second of ResNet-50 and ViT-B/16 in bfloat16, compiled and not, in a plain loop and
  by the Runner with its default hooks, on one device and sharded by the FSDPStrategy,
- those with images that come from workers, in pinned memory and not,
- whether a training that is resumed ends with the same bits as one that was not stopped.

`--device cpu --small --backend eager` shows in a minute that the script works, with numbers that
mean nothing.
"""

from __future__ import annotations

import argparse
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torchvision
from torch import Tensor, distributed, nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from engine.hooks import Hook
from engine.model import BaseModel, unwrap
from engine.runner import Runner

CLASSES = 100
Compile = Literal[False] | dict[str, Any]
MODELS = {"ResNet-50": ("resnet50", 128), "ViT-B/16": ("vit_b_16", 64)}
SMALL_MODELS = {"ResNet-18": ("resnet18", 4)}


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes:
        device: The device.
        network: The name of a function of torchvision.
        batch_size: The number of images of an iteration.
        size: The height and width of an image.
        iterations: How many are measured, after as many that are not.
    """

    device: str
    network: str
    batch_size: int
    size: int
    iterations: int


class Network(BaseModel):
    """A network of torchvision with its loss.

    Args:
        name: The name of a function of torchvision.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.net = torchvision.models.get_model(name, num_classes=CLASSES)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return the loss, or the scores."""
        scores = self.net(inputs)
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(scores, data_samples)}
        return scores


class SameBatch(IterableDataset[dict[str, Tensor]]):
    """One batch on the device, again and again, so that the data cost nothing."""

    def __init__(self, setting: Setting) -> None:
        shape = (setting.batch_size, 3, setting.size, setting.size)
        self.batch = {
            "inputs": torch.randn(shape, device=setting.device),
            "data_samples": torch.randint(CLASSES, shape[:1], device=setting.device),
        }

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        while True:
            yield self.batch


class Images(Dataset[dict[str, Any]]):
    """Images in main memory, of which workers make batches."""

    def __init__(self, setting: Setting) -> None:
        self.length = 4 * setting.iterations * setting.batch_size
        self.image = torch.randn(3, setting.size, setting.size)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"inputs": self.image + index, "data_samples": index % CLASSES}


class StopWatch(Hook):
    """Measures the iterations after the first ones."""

    priority = "LOWEST"

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.seconds = 0.0

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Start after half of the iterations, and stop after the last."""
        if runner.iter + 1 == self.setting.iterations:
            self.seconds -= _now(self.setting.device)
        elif runner.iter + 1 == 2 * self.setting.iterations:
            self.seconds += _now(self.setting.device)


def main(words: Sequence[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python scripts/bench gpu", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--backend", default="inductor", help="of torch.compile")
    parser.add_argument("--small", action="store_true", help="networks and images that are small")
    options = parser.parse_args(words)
    models = SMALL_MODELS if options.small else MODELS
    size, iterations = (64, 2) if options.small else (224, 30)
    if options.device == "cuda":
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    print("| network, bf16 | loop | images/s | engine | ratio | FSDPStrategy | ratio |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for title, (network, batch_size) in models.items():
        setting = Setting(options.device, network, batch_size, size, iterations)
        for compiled in (False, {"backend": options.backend}):
            loader = DataLoader(SameBatch(setting), batch_size=None)
            plain = _plain(setting, loader, compiled)
            single = _engine(setting, loader, {"compile": compiled})
            sharded = _sharded(setting, loader, compiled)
            print(
                f"| {title} | {'compiled' if compiled else 'eager'} | {plain:.0f} | {single:.0f} "
                f"| {single / plain:.2f} | {sharded:.0f} | {sharded / plain:.2f} |",
                flush=True,
            )
    print("\n| images of workers | plain loop, images/s | engine | ratio |\n|---|---:|---:|---:|")
    network, batch_size = next(iter(models.values()))
    setting = Setting(options.device, network, batch_size, size, iterations)
    for pinned in (False, True):
        loader = DataLoader(
            Images(setting), batch_size, num_workers=2 if options.small else 12, pin_memory=pinned
        )
        plain, ours = _plain(setting, loader, False), _engine(setting, loader, {})
        kind = "pinned" if pinned else "not pinned"
        print(f"| {kind} | {plain:.0f} | {ours:.0f} | {ours / plain:.2f} |", flush=True)
    print(f"\nResumed with the same bits: {_resumes(setting)}")


def _now(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _plain(setting: Setting, loader: DataLoader[Any], compiled: Compile) -> float:
    """Return the images per second of a plain loop."""
    torch.manual_seed(0)
    net = Network(setting.network).to(setting.device)
    if compiled:
        net.compile(**compiled)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    start = 0.0
    for number, batch in enumerate(loader):
        if number == setting.iterations:
            start = _now(setting.device)
        elif number == 2 * setting.iterations:
            break
        inputs = batch["inputs"].to(setting.device, non_blocking=True)
        labels = batch["data_samples"].to(setting.device, non_blocking=True)
        with torch.autocast(setting.device, torch.bfloat16):
            loss = net(inputs, labels, mode="loss")["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return setting.iterations * setting.batch_size / (_now(setting.device) - start)


def _engine(setting: Setting, loader: DataLoader[Any], strategy: dict[str, Any]) -> float:
    """Return the images per second of the Runner."""
    watch = StopWatch(setting)
    strategy = {"device": setting.device, "precision": "bf16", **strategy}
    with tempfile.TemporaryDirectory() as folder:
        _runner(setting, loader, folder, strategy=strategy, custom_hooks=[watch]).train()
    return setting.iterations * setting.batch_size / watch.seconds


def _sharded(setting: Setting, loader: DataLoader[Any], compiled: Compile) -> float:
    """Return those with FSDP, of one process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(RANK="0", LOCAL_RANK="0", WORLD_SIZE="1")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    patterns = ["net.layer*.*", "net.encoder.layers.*"]
    names = [name for name, _ in Network(setting.network).named_modules()]
    shard = [each for each in patterns if any(name.startswith(each[:9]) for name in names)]
    strategy = {"type": "FSDPStrategy", "shard": shard, "compile": compiled}
    try:
        return _engine(setting, loader, strategy)
    finally:
        distributed.destroy_process_group()


def _resumes(setting: Setting) -> bool:
    """Return whether a training that is resumed ends as one that was not stopped."""
    ends = []
    for stops in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            loader: dict[str, Any] = {
                "dataset": Images(setting),
                "batch_size": setting.batch_size,
                "sampler": {"type": "DefaultSampler"},
                "collate_fn": "default_collate",
            }
            changes: dict[str, Any] = {
                "strategy": {"device": setting.device, "precision": "bf16"},
                "randomness": {"seed": 0, "deterministic": True},
                "default_hooks": {"checkpoint": {"type": "CheckpointHook", "interval": 2}},
            }
            if stops:
                half = {"by_epoch": False, "max_iters": 2}
                _runner(setting, loader, folder, **changes, train_cfg=half).train()
            whole = {"by_epoch": False, "max_iters": 4}
            runner = _runner(setting, loader, folder, **changes, train_cfg=whole, resume=stops)
            ends.append(unwrap(runner.train()).state_dict())
    torch.use_deterministic_algorithms(False)
    return all(torch.equal(each, ends[1][name]) for name, each in ends[0].items())


def _runner(setting: Setting, loader: Any, folder: str, **changes: Any) -> Runner:
    values: dict[str, Any] = {
        "model": Network(setting.network),
        "work_dir": folder,
        "train_dataloader": loader,
        "train_cfg": {"by_epoch": False, "max_iters": 2 * setting.iterations},
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.01, "momentum": 0.9}},
        "randomness": {"seed": 0},
        "launcher": "pytorch" if "type" in changes["strategy"] else "none",
        "log_level": "WARNING",
    }
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for deterministic algorithms
    return Runner(**{**values, **changes})
