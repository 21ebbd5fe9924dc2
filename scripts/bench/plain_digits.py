"""What a plain PyTorch script of the same size reaches.

It trains the models of `mmbeta::fcn_r18_digits.py` (`segment`) and `mmalpha::resnet18_digits.py`
(`classify`) in bare torch, on the same data with the same schedule, and prints the result:

    python scripts/bench/plain_digits.py segment --seed 0
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from mmalpha.datasets import Digits
from mmbeta.datasets import DigitsCanvas


class Block(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Backbone(nn.Module):
    """A narrow ResNet-18 for small gray images."""

    def __init__(self, width: int, strides: Sequence[int]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        widths = (width, 2 * width, 4 * width, 8 * width)
        before = (width, *widths)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(before[i], widths[i], stride), Block(widths[i], widths[i], 1))
            for i, stride in enumerate(strides)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Segmentor(nn.Module):
    """Images `(N, 1, H, W)` to logits `(N, 11, H, W)`."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone(16, (2, 2, 2, 2))
        self.head = nn.Sequential(
            nn.Conv2d(240, 32, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Dropout2d(0.1),
            nn.Conv2d(32, 11, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        maps = self.backbone(x)
        joined = torch.cat([_resized(each, maps[0].shape[-2:]) for each in maps], 1)
        return _resized(self.head(joined), x.shape[-2:])


class Classifier(nn.Module):
    """Images `(N, 1, 8, 8)` to logits `(N, 10)`."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone(32, (1, 2, 2, 1))
        self.head = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.backbone(x)[-1].mean((2, 3)))
        return logits


@dataclass(frozen=True)
class Task:
    """What tells one training from the other."""

    model: Callable[[], nn.Module]
    data: Callable[[str], tuple[Tensor, Tensor]]
    augment: Callable[[Tensor], Tensor]
    score: Callable[[Tensor, Tensor], float]
    metric: str
    mean: float
    std: float
    batch_size: int
    epochs: int
    lr: float
    weight_decay: float
    label_smoothing: float


def canvases(split: Any) -> tuple[Tensor, Tensor]:
    data = DigitsCanvas(split)
    infos = [data.get_data_info(index) for index in range(len(data))]
    masks = torch.stack([info["gt_seg_map"] for info in infos])
    return torch.stack([info["img"] for info in infos]), masks.long()


def scans(split: Any) -> tuple[Tensor, Tensor]:
    data = Digits(split)
    infos = [data.get_data_info(index) for index in range(len(data))]
    labels = torch.tensor([info["gt_label"] for info in infos])
    return torch.stack([info["img"] for info in infos]), labels


def shifted(images: Tensor) -> Tensor:
    padded = functional.pad(images, (1, 1, 1, 1))
    places = torch.randint(3, (len(images), 2)).tolist()
    return torch.stack(
        [each[:, t : t + 8, s : s + 8] for each, (t, s) in zip(padded, places, strict=True)]
    )


def mean_iou(predicted: Tensor, truth: Tensor) -> float:
    pairs = torch.bincount((truth * 11 + predicted).flatten(), minlength=121).reshape(11, 11)
    hits = pairs.diag()
    return (hits / (pairs.sum(0) + pairs.sum(1) - hits)).mean().item()


def accuracy(predicted: Tensor, truth: Tensor) -> float:
    return (predicted == truth).double().mean().item()


SEGMENT = Task(
    Segmentor, canvases, lambda images: images, mean_iou, "mIoU", 32, 65, 16, 12, 1e-2, 0.02, 0.0
)
CLASSIFY = Task(Classifier, scans, shifted, accuracy, "top1", 78, 96, 64, 20, 3e-3, 0.05, 0.1)


def initialize(model: nn.Module) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


def train(task: Task, model: nn.Module, epochs: int) -> None:
    images, targets = task.data("train")
    length = -(-len(images) // task.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=task.lr, weight_decay=task.weight_decay)
    warm_up = LinearLR(optimizer, 0.1, total_iters=length)
    decay = CosineAnnealingLR(optimizer, max(1, (epochs - 1) * length), task.lr * 0.01)
    schedule = SequentialLR(optimizer, [warm_up, decay], [length])
    model.train()
    for epoch in range(epochs):
        for chosen in torch.split(torch.randperm(len(images)), task.batch_size):
            logits = model(normalized(task, task.augment(images[chosen])))
            loss = functional.cross_entropy(
                logits, targets[chosen], label_smoothing=task.label_smoothing
            )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{epochs}  loss {loss.item():.4f}", flush=True)


@torch.no_grad()
def evaluate(task: Task, model: nn.Module) -> float:
    images, truth = task.data("test")
    model.eval()
    predicted = [model(normalized(task, part)).argmax(1) for part in torch.split(images, 50)]
    return task.score(torch.cat(predicted), truth)


def normalized(task: Task, images: Tensor) -> Tensor:
    return ((images.float() - task.mean) / task.std).contiguous(memory_format=torch.channels_last)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("segment", "classify"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    arguments = parser.parse_args()
    task = SEGMENT if arguments.task == "segment" else CLASSIFY
    torch.manual_seed(arguments.seed)
    model = task.model()
    initialize(model)
    model.to(memory_format=torch.channels_last)
    start = time.perf_counter()
    train(task, model, arguments.epochs or task.epochs)
    score = evaluate(task, model)
    print(f"{task.metric} {score:.4f} after {time.perf_counter() - start:.0f} s")


def _resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    return functional.interpolate(maps, list(size), mode="bilinear", align_corners=False)


if __name__ == "__main__":
    main()
