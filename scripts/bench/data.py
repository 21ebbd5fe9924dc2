"""What annotations cost in memory and time, and what an evaluation costs, over plain Python.

`python scripts/bench data [--samples N]` prints the table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import pickle
import random
import re
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import by_turns

from engine.dataset import BaseDataset
from engine.evaluator import BaseMetric, Evaluator

WORKERS = 4
ROUNDS = 5
RESULTS = 50_000
READS = 20_000


class Plain:
    """The floor: what `json.load` gives, in a list, below the same methods."""

    def __init__(self, file: str) -> None:
        with open(file, encoding="utf-8") as stream:
            self.data_list = list(json.load(stream)["data_list"])

    def __len__(self) -> int:
        return len(self.data_list)

    def __getitem__(self, index: int) -> Any:
        return self.data_list[index]


class Mean(BaseMetric):
    """The mean of a value."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the values of a batch."""
        for sample in data_samples:
            self.results.append(sample["value"])

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """Return their mean."""
        return {"mean": sum(results) / len(results)}


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python scripts/bench data", description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000)
    samples = parser.parse_args(words).samples
    print(f"{samples:,} small annotations; the best of {ROUNDS} rounds\n")
    print("| case | floor | engine | ratio | target |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "annotations.json")
        _write(file, samples)
        base, plain, ours = (_memory(make, file) for make in (None, Plain, _ours))
        workers = f"memory, parent and {WORKERS} workers that have read all (MiB)"
        _line(workers, plain - base, ours - base, 0.14, "{:.0f}")
        _line("loading (s)", *_times(lambda: Plain(file), lambda: _ours(file)), 1.2, "{:.2f}")
        times = _times(lambda: _without_gc(lambda: Plain(file)), lambda: _ours(file))
        _line("the same over a floor that does not look for garbage (s)", *times, None, "{:.2f}")
        floor, dataset, unpacked = Plain(file), _ours(file), _ours(file, serialize_data=False)
        order = [random.Random(0).randrange(samples) for _ in range(READS)]
        times = _times(lambda: _read(unpacked, order), lambda: _read(dataset, order))
        _line("a sample of a list in a `BaseDataset` (µs)", *_each(times, READS), 2.5, "{:.2f}")
        times = _times(lambda: _read_copies(floor, order), lambda: _read(dataset, order))
        _line("a copy of a sample of a list, by JSON (µs)", *_each(times, READS), 2.5, "{:.2f}")
        stored = [pickle.dumps(record) for record in floor.data_list]
        times = _times(lambda: _unpickle(stored, order), lambda: _read(dataset, order))
        _line("a sample over `pickle.loads` of one (µs)", *_each(times, READS), 2, "{:.2f}")
        times = _times(lambda: _read(floor, order), lambda: _read(dataset, order))
        _line("a look into a list, which copies nothing (µs)", *_each(times, READS), None, "{:.2f}")
    outputs = [{"value": float(number)} for number in range(RESULTS)]
    evaluator = Evaluator(Mean())
    times = _times(lambda: _mean(outputs), lambda: evaluator.offline_evaluate(outputs))
    _line(f"`offline_evaluate` of {RESULTS:,} outputs (ms)", *_each(times, 1000), 3, "{:.2f}")


def _write(file: str, samples: int) -> None:
    """Write annotations as datasets of images have them: a name, sizes and a few boxes."""
    draw = random.Random(0)
    entries = [
        {
            "img_path": f"train/{number:08}.jpg",
            "height": draw.randrange(200, 800),
            "width": draw.randrange(200, 800),
            "instances": [
                {"bbox": [draw.randrange(800) for _ in range(4)], "bbox_label": draw.randrange(80)}
                for _ in range(draw.randrange(1, 4))
            ],
        }
        for number in range(samples)
    ]
    content = {"metainfo": {"classes": [str(number) for number in range(80)]}, "data_list": entries}
    Path(file).write_text(json.dumps(content), encoding="utf-8")


def _ours(file: str, serialize_data: bool = True) -> BaseDataset:
    return BaseDataset(file, serialize_data=serialize_data)


def _without_gc(work: Callable[[], Any]) -> None:
    gc.disable()
    try:
        work()
    finally:
        gc.enable()


def _read(data: Any, order: Sequence[int]) -> None:
    for index in order:
        data[index]


def _read_copies(data: Any, order: Sequence[int]) -> None:
    for index in order:
        json.loads(json.dumps(data[index]))


def _unpickle(stored: Sequence[bytes], order: Sequence[int]) -> None:
    for index in order:
        pickle.loads(stored[index])  # noqa: S301 (what was just written)


def _mean(outputs: Sequence[dict[str, float]]) -> dict[str, float]:
    values = []
    for sample in outputs:
        values.append(sample["value"])
    return {"mean": sum(values) / len(values)}


def _times(floor: Callable[[], Any], engine: Callable[[], Any]) -> tuple[float, float]:
    """Return the best times of two functions that take turns, in seconds."""
    base, ours = by_turns([floor, engine], ROUNDS)
    return base, ours


def _each(times: tuple[float, float], count: int) -> tuple[float, float]:
    """Return times for one of `count`, in microseconds."""
    return times[0] / count * 1e6, times[1] / count * 1e6


def _line(case: str, floor: float, engine: float, target: float | None, form: str) -> None:
    told = "" if target is None else f"≤ {target}"
    ratio = f"{engine / floor:.2f}"
    print(
        f"| {case} | {form.format(floor)} | {form.format(engine)} | {ratio} | {told} |", flush=True
    )


def _memory(make: Callable[[str], Any] | None, file: str) -> float:
    """Return the memory in MiB of a process with the data, and of workers that are forked from it.

    What processes share is counted once: the sum of their proportional set sizes.
    """
    outcome, tell = os.pipe()
    parent = os.fork()
    if not parent:
        data = None if make is None else make(file)
        workers = [_worker(data) for _ in range(WORKERS)]
        total = sum(map(_proportional, [os.getpid(), *workers]))
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        os.write(tell, str(total).encode())
        os._exit(0)
    os.waitpid(parent, 0)
    return float(os.read(outcome, 64)) / 1024


def _worker(data: Any) -> int:
    """Fork a worker, and return when it has read all of the data."""
    outcome, tell = os.pipe()
    worker = os.fork()
    if not worker:
        for index in range(0 if data is None else len(data)):
            data[index]
        os.write(tell, b"done")
        signal.pause()
    os.read(outcome, 4)
    return worker


def _proportional(process: int) -> int:
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss: +(\d+) kB", text, re.M)
    assert found is not None
    return int(found[1])
