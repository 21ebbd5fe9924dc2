"""What an iteration of a training costs over a raw PyTorch loop, on one thread.

Both train the same tiny network on the same batches from the same loader. They take turns in one
process, and the ratio is that of the fastest rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from engine.evaluator import BaseMetric
from engine.model import BaseModel
from engine.optim import OptimWrapper
from engine.runner import Runner

_BATCH = 8
_FEATURES = 32


class Classifier(BaseModel):
    """Two linear layers.

    Args:
        ballast: How many more modules there are, which do nothing.
    """

    def __init__(self, ballast: int = 0) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(_FEATURES, 32), nn.ReLU(), nn.Linear(32, 4))
        self.ballast = nn.ModuleList(nn.Identity() for _ in range(ballast))

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return the loss, the predictions or the scores."""
        scores = self.net(inputs)
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(scores, data_samples)}
        if mode == "predict":
            return [{"right": right} for right in (scores.argmax(1) == data_samples).tolist()]
        return scores


class Accuracy(BaseMetric):
    """The share of right predictions."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Count."""
        self.results += [each["right"] for each in data_samples]

    def compute_metrics(self, results: list[bool]) -> dict[str, float]:
        """Return the share."""
        return {"acc": sum(results) / len(results)}


def _loader(iterations: int) -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(0)
    size = iterations * _BATCH
    inputs = torch.randn(size, _FEATURES, generator=generator)
    labels = torch.randint(4, (size,), generator=generator)

    def collate(samples: Any) -> dict[str, Tensor]:
        points, classes = zip(*samples, strict=True)
        return {"inputs": torch.stack(points), "data_samples": torch.stack(classes)}

    return DataLoader(TensorDataset(inputs, labels), batch_size=_BATCH, collate_fn=collate)


def _model(ballast: int) -> Classifier:
    torch.manual_seed(0)
    return Classifier(ballast)


def raw_training(loader: DataLoader[Any], ballast: int) -> tuple[float, nn.Module]:
    """Train in a raw loop; return the seconds and the model."""
    model = _model(ballast)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    model.train()
    start = time.perf_counter()
    for batch in loader:
        loss = nn.functional.cross_entropy(model.net(batch["inputs"]), batch["data_samples"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start, model


def raw_validation(loader: DataLoader[Any]) -> float:
    """Count right predictions in a raw loop; return the seconds."""
    model = _model(0).eval()
    right = 0
    start = time.perf_counter()
    with torch.no_grad():
        for batch in loader:
            right += int((model.net(batch["inputs"]).argmax(1) == batch["data_samples"]).sum())
    return time.perf_counter() - start


def _runner(model: Classifier, folder: str, **parts: Any) -> Runner:
    return Runner(
        model=model,
        work_dir=folder,
        default_hooks={
            "logger": {"type": "LoggerHook", "interval": 50},
            "checkpoint": None,
            "curves": None,
        },
        log_level="ERROR",
        randomness={"seed": 0},
        **parts,
    )


def our_training(
    loader: DataLoader[Any], ballast: int, train_cfg: dict[str, Any]
) -> tuple[float, nn.Module]:
    """Train with the Runner; return the seconds within `train` and the model."""
    with tempfile.TemporaryDirectory() as folder:
        model = _model(ballast)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        runner = _runner(
            model,
            folder,
            train_dataloader=loader,
            train_cfg=train_cfg,
            optim_wrapper=OptimWrapper(optimizer),
        )
        start = time.perf_counter()
        runner.train()
        return time.perf_counter() - start, model


def our_validation(loader: DataLoader[Any]) -> float:
    """Validate with the Runner; return the seconds within `val`."""
    with tempfile.TemporaryDirectory() as folder:
        runner = _runner(
            _model(0), folder, val_dataloader=loader, val_cfg={}, val_evaluator=[{"type": Accuracy}]
        )
        start = time.perf_counter()
        runner.val()
        return time.perf_counter() - start


def _row(name: str, raw: Callable[[], float], ours: Callable[[], float], n: int, most: str) -> None:
    pairs = [(raw(), ours()) for _ in range(7)]
    floor, cost = (min(times) / n * 1e6 for times in zip(*pairs, strict=True))
    print(f"| {name} | {floor:.1f} | {cost:.1f} | {cost / floor:.2f} | {most} |")


def main(words: list[str]) -> None:
    """Print the table.

    Args:
        words: The words of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=2_000, help="in a round")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    n: int = options.iterations
    loader, long = _loader(n), _loader(10 * n)
    epoch, iters = {"max_epochs": 1}, {"by_epoch": False, "max_iters": n}
    print("| case | raw, µs an iteration | engine, µs | ratio | target |")
    print("|---|---:|---:|---:|---:|")

    def training(
        name: str, data: DataLoader[Any], ballast: int, cfg: dict[str, Any], k: int
    ) -> None:
        _row(
            name,
            lambda: raw_training(data, ballast)[0],
            lambda: our_training(data, ballast, cfg)[0],
            k,
            "≤ 1.10",
        )

    training("epoch loop", loader, 0, epoch, n)
    training("iteration loop", loader, 0, iters, n)
    training("300 more modules", loader, 300, epoch, n)
    training("ten times as long", long, 0, epoch, 10 * n)
    _row(
        "validation",
        lambda: raw_validation(loader),
        lambda: our_validation(loader),
        n,
        "≤ 1.3",
    )
    same = all(
        torch.equal(ours, raw)
        for ours, raw in zip(
            our_training(loader, 0, epoch)[1].parameters(),
            raw_training(loader, 0)[1].parameters(),
            strict=True,
        )
    )
    print(f"\nThe weights after both are {'' if same else 'not '}equal, bit for bit.")


if __name__ == "__main__":
    main(sys.argv[1:])
