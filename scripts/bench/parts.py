"""What single parts cost, over the same part of MMEngine or over plain Python.

`python scripts/bench parts` runs this in an environment that has MMEngine beside engine.
"""

from __future__ import annotations

import copy
import io
import json
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from measure import Op, by_turns
from peers_env import run_beside_peers

_MANY = 1_000
_LONG = 100_000
_RESULTS = 50_000
_ROUNDS = 15


class Row(NamedTuple):
    """A part.

    Attributes:
        name: What is done.
        floor: The least that it takes, or None if MMEngine's is the measure.
        theirs: The same with MMEngine.
        ours: The same with engine.
        most: How much of the floor, or of MMEngine's time, ours may take.
        times: How often it is done in a round.
    """

    name: str
    floor: Op | None
    theirs: Op
    ours: Op
    most: float
    times: int = 1


def rows() -> Iterator[Row]:
    """Yield the rows."""
    import mmengine
    import mmengine.config
    import mmengine.evaluator
    import mmengine.logging
    import mmengine.registry
    import mmengine.structures

    import engine.config
    import engine.evaluator
    import engine.logging
    import engine.registry
    import engine.structures

    both = mmengine, engine
    classes = [type(f"Thing{number}", (), {}) for number in range(_MANY)]
    theirs, ours = (_registers(each, classes) for each in both)
    yield Row(f"register {_MANY} classes", _sets(classes), theirs, ours, 3)
    theirs, ours = (_gets(each, classes) for each in both)
    yield Row(f"get {_MANY} of them", None, theirs, ours, 1)

    values = np.arange(float(_LONG))
    theirs, ours = (_mean(each, values) for each in both)
    yield Row(f"`HistoryBuffer.mean` of {_LONG:,}", values.mean, theirs, ours, 1.5)
    theirs, ours = (_state(each, values) for each in both)
    yield Row(f"`MessageHub.state_dict`, 5 of {_LONG:,}", None, theirs, ours, 1.1)

    tensor = torch.zeros(4)
    theirs, ours = (_element(each, tensor) for each in both)
    yield Row("`BaseDataElement` of two fields", None, theirs, ours, 0.7, 2_000)
    theirs, ours = (_process(each) for each in both)
    yield Row("`Evaluator.process` of one dict", None, theirs, ours, 0.9, 2_000)
    for name, result in (("numbers", 1.0), ("dicts", {"pred": 1, "label": 2})):
        theirs, ours = (_evaluate(each, result) for each in both)
        yield Row(f"`evaluate` {_RESULTS:,} {name}", None, theirs, ours, 0.9)

    plain = _values()
    floor = _pickles(plain)
    theirs, ours = (_pickles(each.config.Config(plain)) for each in both)
    yield Row("a config to a pickle and back", floor, theirs, ours, 3, 20)
    theirs, ours = (_dataset(each) for each in both)
    yield Row("`BaseDataset` of 100,000 annotations", None, theirs, ours, 1)


def _registers(library: Any, classes: Sequence[type]) -> Op:
    def op() -> None:
        registry = library.registry.Registry("thing", scope="bench")
        for each in classes:
            registry.register_module()(each)

    return op


def _sets(classes: Sequence[type]) -> Op:
    def op() -> None:
        names: dict[str, type] = {}

        def register() -> Callable[[type], type]:
            def decorate(module: type) -> type:
                names[module.__name__] = module
                return module

            return decorate

        for each in classes:
            register()(each)

    return op


def _gets(library: Any, classes: Sequence[type]) -> Op:
    registry = library.registry.Registry("thing", scope="bench")
    for each in classes:
        registry.register_module()(each)
    names = [each.__name__ for each in classes]

    def op() -> None:
        for name in names:
            registry.get(name)

    return op


def _mean(library: Any, values: Any) -> Op:
    history = library.logging.HistoryBuffer(values.tolist(), [1] * len(values), max_length=10**6)
    mean: Op = history.mean
    return mean


def _state(library: Any, values: Any) -> Op:
    hub = library.logging.MessageHub.get_instance(f"{library.__name__} bench")
    for number in range(5):
        for value in values.tolist():
            hub.update_scalar(f"train/{number}", value)
    state: Op = hub.state_dict
    return state


def size_of_state(library: Any) -> float:
    """Return the MiB that a checkpoint has of the histories of `_state`."""
    hub = library.logging.MessageHub.get_instance(f"{library.__name__} bench")
    stream = io.BytesIO()
    torch.save(hub.state_dict(), stream)
    return stream.tell() / 2**20


def _element(library: Any, tensor: Any) -> Op:
    kind = library.structures.BaseDataElement
    return lambda: kind(pred_label=1, pred_score=tensor)


def _metric(library: Any) -> Any:
    class Metric(library.evaluator.BaseMetric):  # type: ignore[misc]  # of either library
        def process(self, data_batch: Any, data_samples: Any) -> None:
            pass

        def compute_metrics(self, results: Any) -> dict[str, float]:
            return {"count": float(len(results))}

    return Metric()


def _process(library: Any) -> Op:
    evaluator, samples = library.evaluator.Evaluator(_metric(library)), [{"pred": 1, "label": 2}]
    return lambda: evaluator.process(samples, None)


def _evaluate(library: Any, result: Any) -> Op:
    metric = _metric(library)
    results = [dict(result) if isinstance(result, dict) else result for _ in range(_RESULTS)]

    def op() -> None:
        metric.results = list(results)
        metric.evaluate(_RESULTS)

    return op


def _values() -> dict[str, Any]:
    """Return values as those of a config."""
    layer = {"type": "ResNet", "depth": 18, "init": {"type": "Normal", "std": 0.01}, "out": [0, 1]}
    part = {"type": "Model", "lr": 0.1, "layer": layer}
    return {f"part{number}": copy.deepcopy(part) for number in range(40)}


def _pickles(content: Any) -> Op:
    return lambda: pickle.loads(pickle.dumps(content))  # noqa: S301 (what was just written)


def _annotations() -> str:
    path = Path(tempfile.gettempdir(), "engine-bench-annotations.json")
    entries = [
        {"img_path": f"train/{number:08}.jpg", "height": 480, "width": number % 640, "gt_label": 3}
        for number in range(100_000)
    ]
    path.write_text(json.dumps({"metainfo": {}, "data_list": entries}))
    return str(path)


def _dataset(library: ModuleType) -> Op:
    from importlib import import_module

    dataset = import_module(f"{library.__name__}.dataset")
    file = _annotations()
    return lambda: dataset.BaseDataset(file)


def _print(row: Row) -> None:
    ops = [op for op in (row.floor, row.theirs, row.ours) if op is not None]
    best = by_turns(ops, _ROUNDS, row.times)
    *floor, theirs, ours = (f"{seconds * 1e6:,.1f}" for seconds in best)
    ratio, measure = best[-1] / best[0], "the floor" if floor else "MMEngine"
    shown = f"{floor[0] if floor else ''} | {theirs} | {ours} | {ratio:.2f}"
    print(f"| {row.name} | {shown} | ≤ {row.most:g} × {measure} |", flush=True)


def compare() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("| part | floor, µs | MMEngine, µs | engine, µs | ratio | target |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows():
        _print(row)
    import mmengine

    import engine

    sizes = [size_of_state(library) for library in (mmengine, engine)]
    print(f"\nThe state of the hub takes {sizes[0]:.1f} MiB of MMEngine's, {sizes[1]:.1f} of ours.")


def main(words: list[str]) -> None:
    """Run the comparison beside MMEngine."""
    run_beside_peers(Path(__file__).name, "compare", *words)


if __name__ == "__main__" and sys.argv[1:] == ["compare"]:
    compare()
