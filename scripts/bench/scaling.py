"""What one of many costs, by how many there are: nothing grows faster than its work.

A row has the time of one name, leaf, record, hook or result in nanoseconds, at rising numbers.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from loop import NONE, our_training
from measure import Op
from raw_loop import new_loader

from engine.config import Config
from engine.dataset import BaseDataset
from engine.evaluator import BaseMetric
from engine.hooks import Hook
from engine.registry import Registry

_LEAST_SECONDS = 0.2  # that a measure takes, with repeats


class Thing:
    """A class to register."""


class Records(BaseDataset):
    """Records that are there.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        some = [
            {"img_path": f"train/{number:08}.jpg", "height": 480, "gt_label": number % 10}
            for number in range(min(size, 1_000))
        ]
        self._records = some * (size // len(some))
        super().__init__()

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the records."""
        return self._records


class Count(BaseMetric):
    """The number of results."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep nothing more."""

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """Return the number."""
        return {"count": float(len(results))}


class Idle(Hook):
    """A hook that is called after each iteration."""

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""


def register(size: int) -> Op:
    """Return what registers so many names."""
    keys = [f"Name{number}" for number in range(size)]

    def op() -> None:
        registry: Registry[Any] = Registry("thing", scope="bench")
        for key in keys:
            registry.register_module(key, module=Thing)

    return op


def _filled(size: int) -> tuple[Registry[Any], list[str]]:
    keys = [f"Name{number}" for number in range(size)]
    registry: Registry[Any] = Registry("thing", scope="bench")
    for key in keys:
        registry.register_module(key, module=Thing)
    return registry, keys


def get(size: int) -> Op:
    """Return what gets each of so many names again."""
    registry, keys = _filled(size)
    return lambda: [registry.get(key) for key in keys]


def get_cold(size: int) -> Op:
    """Return what gets each of so many names after a change of the registry."""
    registry, keys = _filled(size)

    def op() -> None:
        registry.module_dict["Changed"] = Thing
        for key in keys:
            registry.get(key)

    return op


def _values(leaves: int) -> dict[str, Any]:
    layer = {"type": "Conv", "width": 8, "stride": 2, "pad": [1, 1], "name": "conv", "bias": True}
    return {f"part{number}": {"a": layer, "lr": 0.1} for number in range(leaves // 8)}


def read_config(leaves: int) -> Op:
    """Return what reads a config of so many leaves."""
    folder = tempfile.mkdtemp()
    path = Path(folder, "config.py")
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in _values(leaves).items()))
    return lambda: Config.fromfile(path)


def write_config(leaves: int) -> Op:
    """Return what writes such a config."""
    return Config(_values(leaves)).dump


def load_records(size: int) -> Op:
    """Return what makes a dataset of so many records."""
    return lambda: Records(size)


def read_records(size: int) -> Op:
    """Return what reads a thousand records of so many."""
    data = Records(size)
    step = size // 1_000
    return lambda: [data.get_data_info(index) for index in range(0, size, step)]


def evaluate(size: int) -> Op:
    """Return what evaluates so many results."""
    metric, results = Count(), [{"pred": 1, "label": 2} for _ in range(size)]

    def op() -> None:
        metric.results = list(results)
        metric.evaluate(size)

    return op


def _best(op: Op) -> float:
    op()
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < _LEAST_SECONDS or best == float("inf"):
        before = time.perf_counter()
        op()
        best = min(best, time.perf_counter() - before)
    return best


ROWS: Sequence[tuple[str, Callable[[int], Op], range, int | None]] = (
    ("register a name", register, range(1, 7), None),
    ("get a name", get, range(1, 7), None),
    ("get a name, cold", get_cold, range(1, 7), None),
    ("read a leaf of a config", read_config, range(2, 6), None),
    ("write a leaf of a config", write_config, range(2, 6), None),
    ("take a record into a `BaseDataset`", load_records, range(3, 8), None),
    ("read a record of a `BaseDataset`", read_records, range(3, 8), 1_000),
    ("evaluate a result", evaluate, range(3, 7), None),
)


def main(words: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=7, help="the largest power of ten")
    most = parser.parse_args(words).most
    torch.set_num_threads(1)
    print("| ns each, of | 10 | 10² | 10³ | 10⁴ | 10⁵ | 10⁶ | 10⁷ |\n" + "|---" * 8 + "|")
    for name, make, powers, items in ROWS:
        shown = dict.fromkeys(range(1, 8), "")
        for power in powers:
            if power <= most:
                seconds = _best(make(10**power)) / (items or 10**power)
                shown[power] = f"{seconds * 1e9:,.0f}"
                gc.collect()
        print(f"| {name} | {' | '.join(shown.values())} |", flush=True)
    print("\n| hooks beside no others | µs an iteration |\n|---:|---:|")
    loader = new_loader(1_000)
    for count in (0, 1, 10, 100):
        hooks = {**NONE, **{f"idle{number}": {"type": Idle} for number in range(count)}}
        best = min(our_training(loader, hooks=hooks)[0] for _ in range(5))
        print(f"| {count} | {best / 1_000 * 1e6:.1f} |", flush=True)
