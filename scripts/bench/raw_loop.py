"""The floor of the benchmarks of training: a tiny network in a raw PyTorch loop."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

BATCH = 8
_FEATURES = 32


class Net(nn.Module):
    """Two linear layers.

    Args:
        ballast: How many more modules there are, which do nothing.
    """

    def __init__(self, ballast: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(_FEATURES, 32), nn.ReLU(), nn.Linear(32, 4))
        self.ballast = nn.ModuleList(nn.Identity() for _ in range(ballast))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the scores."""
        scores: Tensor = self.layers(inputs)
        return scores


def new_net(ballast: int = 0) -> Net:
    """Return a network whose weights are always the same."""
    torch.manual_seed(0)
    return Net(ballast)


def new_optimizer(net: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of a network."""
    return torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def loss_of(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of a batch."""
    return nn.functional.cross_entropy(scores, labels)


def collated(samples: Any) -> dict[str, Tensor]:
    """Make a batch of samples."""
    points, classes = zip(*samples, strict=True)
    return {"inputs": torch.stack(points), "data_samples": torch.stack(classes)}


def new_loader(iterations: int) -> DataLoader[Any]:
    """Return a loader with as many batches, which are always the same."""
    generator = torch.Generator().manual_seed(0)
    size = iterations * BATCH
    inputs = torch.randn(size, _FEATURES, generator=generator)
    labels = torch.randint(4, (size,), generator=generator)
    return DataLoader(TensorDataset(inputs, labels), batch_size=BATCH, collate_fn=collated)


def raw_training(loader: DataLoader[Any], ballast: int = 0) -> tuple[float, nn.Module]:
    """Train; return the seconds and the network."""
    net = new_net(ballast)
    optimizer = new_optimizer(net)
    net.train()
    start = time.perf_counter()
    for batch in loader:
        loss = loss_of(net(batch["inputs"]), batch["data_samples"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start, net


def raw_validation(loader: DataLoader[Any]) -> float:
    """Count right predictions; return the seconds."""
    net = new_net().eval()
    right = 0
    start = time.perf_counter()
    with torch.no_grad():
        for batch in loader:
            right += int((net(batch["inputs"]).argmax(1) == batch["data_samples"]).sum())
    return time.perf_counter() - start
