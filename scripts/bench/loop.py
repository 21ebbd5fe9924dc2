"""What an iteration of a training costs over a raw PyTorch loop, on one thread.

Both train the same tiny network on the same batches from the same loader; the Runner with the
default hooks, a checkpoint at the end, and a line every 50 iterations in the log file. They take
turns in one process, and a ratio is that of the fastest rounds. What a run costs around its
iterations follows.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from typing import Any, NamedTuple

import around
import torch
from measure import Case, count, instructions
from peers_env import run_beside_peers
from raw_loop import loss_of, new_loader, new_net, new_optimizer, raw_training, raw_validation
from torch import Tensor, nn
from torch.utils.data import DataLoader

from engine.evaluator import BaseMetric
from engine.model import BaseModel
from engine.optim import OptimWrapper
from engine.runner import Runner
from engine.structures import BaseDataElement


class Classifier(BaseModel):
    """The network as a model of the engine.

    Args:
        net: The network.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return the loss, the predictions or the scores."""
        scores = self.net(inputs)
        if mode == "loss":
            return {"loss": loss_of(scores, data_samples)}
        if mode == "predict":
            return [{"right": right} for right in (scores.argmax(1) == data_samples).tolist()]
        return scores


class ElementClassifier(Classifier):
    """The same with a `BaseDataElement` for each sample."""

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return the predictions."""
        found, labels = self.net(inputs).argmax(1).tolist(), data_samples.tolist()
        return [
            BaseDataElement(pred_label=pred, gt_label=label, right=pred == label)
            for pred, label in zip(found, labels, strict=True)
        ]


class Accuracy(BaseMetric):
    """The share of right predictions."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Count."""
        self.results += [each["right"] for each in data_samples]

    def compute_metrics(self, results: list[bool]) -> dict[str, float]:
        """Return the share."""
        return {"acc": sum(results) / len(results)}


DEFAULT = {"logger": {"type": "LoggerHook", "interval": 50}}
NONE = dict.fromkeys(
    (
        "runtime_info",
        "timer",
        "data_check",
        "sampler_seed",
        "logger",
        "progress",
        "param_scheduler",
        "checkpoint",
    )
)


def _runner(model: BaseModel, folder: str, hooks: Mapping[str, Any], **parts: Any) -> Runner:
    return Runner(
        model=model,
        work_dir=folder,
        default_hooks=hooks,
        randomness={"seed": 0},
        **parts,
    )


def our_training(
    loader: DataLoader[Any],
    ballast: int = 0,
    by_epoch: bool = True,
    hooks: Mapping[str, Any] = DEFAULT,
) -> tuple[float, nn.Module]:
    """Train with the Runner; return the seconds within `train` and the network."""
    loop = {"max_epochs": 1} if by_epoch else {"by_epoch": False, "max_iters": len(loader)}
    with tempfile.TemporaryDirectory() as folder, _silent():
        net = new_net(ballast)
        runner = _runner(
            Classifier(net),
            folder,
            hooks,
            train_dataloader=loader,
            train_cfg=loop,
            optim_wrapper=OptimWrapper(new_optimizer(net)),
        )
        start = time.perf_counter()
        runner.train()
        return time.perf_counter() - start, net


def our_validation(loader: DataLoader[Any], model: type[Classifier] = Classifier) -> float:
    """Validate with the Runner; return the seconds within `val`."""
    with tempfile.TemporaryDirectory() as folder, _silent():
        runner = _runner(
            model(new_net()),
            folder,
            DEFAULT,
            val_dataloader=loader,
            val_cfg={},
            val_evaluator=[{"type": Accuracy}],
        )
        start = time.perf_counter()
        runner.val()
        return time.perf_counter() - start


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the lines of a run from the terminal; they go to its log file."""
    with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
        yield


class Pair(NamedTuple):
    """A thing in a raw loop and with the engine, as functions of a loader that give seconds."""

    name: str
    raw: Callable[[DataLoader[Any]], float]
    ours: Callable[[DataLoader[Any]], float]
    most: float
    times_as_long: int = 1


def _raw(loader: DataLoader[Any]) -> float:
    return raw_training(loader)[0]


def _ours(**options: Any) -> Callable[[DataLoader[Any]], float]:
    return lambda loader: our_training(loader, **options)[0]


PAIRS = [
    Pair("epoch loop", _raw, _ours(), 1.10),
    Pair("iteration loop", _raw, _ours(by_epoch=False), 1.10),
    Pair("epoch loop, no hooks", _raw, _ours(hooks=NONE), 1.05),
    Pair("iteration loop, no hooks", _raw, _ours(by_epoch=False, hooks=NONE), 1.05),
    Pair("300 more modules", lambda d: raw_training(d, 300)[0], _ours(ballast=300), 1.10),
    Pair("ten times as long", _raw, _ours(), 1.10, 10),
    Pair("validation", raw_validation, our_validation, 1.3),
    Pair(
        "validation, a `BaseDataElement` for each sample",
        raw_validation,
        partial(our_validation, model=ElementClassifier),
        1.8,
    ),
]

# Instructions are counted for two lengths: what does not depend on the length falls out.
_SHORT, _LONG = 50, 150


def _cases() -> Iterator[Case]:
    """Yield what instructions are counted of."""
    for length in (_SHORT, _LONG):
        loader = new_loader(length)
        for pair in PAIRS:
            if pair.times_as_long == 1:
                raw, ours = partial(pair.raw, loader), partial(pair.ours, loader)
                yield Case(f"{pair.name}/raw/{length}", raw, repeats=16)
                yield Case(f"{pair.name}/ours/{length}", ours, repeats=16)


def _counted_ratio(counted: dict[str, float], name: str) -> str:
    if f"{name}/raw/{_LONG}" not in counted:
        return ""
    raw, ours = (
        counted[f"{name}/{who}/{_LONG}"] - counted[f"{name}/{who}/{_SHORT}"]
        for who in ("raw", "ours")
    )
    return f"{ours / raw:.2f}"


def print_iterations(iterations: int, counted: dict[str, float]) -> None:
    """Print what an iteration costs.

    Args:
        iterations: How many there are in a round.
        counted: Instructions by the name of a case.
    """
    print("| case | raw, µs an iteration | engine, µs | time ratio | instruction ratio | target |")
    print("|---|---:|---:|---:|---:|---:|")
    for pair in PAIRS:
        n = iterations * pair.times_as_long
        loader = new_loader(n)
        rounds = [(pair.raw(loader), pair.ours(loader)) for _ in range(7)]
        raw, ours = (min(times) / n * 1e6 for times in zip(*rounds, strict=True))
        print(
            f"| {pair.name} | {raw:.1f} | {ours:.1f} | {ours / raw:.2f} "
            f"| {_counted_ratio(counted, pair.name)} | ≤ {pair.most:.2f} |"
        )
    loader = new_loader(iterations)
    weights = (train(loader)[1].parameters() for train in (raw_training, our_training))
    same = all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
    print(f"\nThe weights after both are {'' if same else 'not '}equal, bit for bit.")


def main(words: list[str]) -> None:
    """Print the tables.

    Args:
        words: The words of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=3_000, help="in a round")
    parser.add_argument("--peers", action="store_true", help="MMEngine, Accelerate and Lightning")
    parser.add_argument(
        "--instructions", action="store_true", help="count instructions too, in ten minutes"
    )
    parser.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    if options.count:
        count(_cases())
    elif options.peers:
        run_beside_peers("peers.py", str(options.iterations))
    else:
        counted = instructions(__file__, ["--count"]) if options.instructions else {}
        print_iterations(options.iterations, counted)
        around.main()


if __name__ == "__main__":
    main(sys.argv[1:])
