"""What single parts cost, over plain Python or over the same part of other libraries.

`python scripts/bench parts` runs this in an environment that has these beside engine.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import stored
import torch
from beside import Row, print_rows
from measure import Op
from peers_env import run_beside_peers

_MANY = 1_000
_LONG = 100_000
_RESULTS = 50_000


def rows() -> Iterator[Row]:
    """Yield the rows."""
    classes = [type(f"Thing{number}", (), {}) for number in range(_MANY)]
    others, ours = _both(_registers, classes)
    others["catalogue"] = _registers_in_catalogue(classes)
    yield Row(f"register {_MANY} classes", _sets(classes), others, ours, 3)
    others, ours = _both(_gets, classes)
    others["catalogue"] = _gets_of_catalogue(classes)
    yield Row(f"get {_MANY} of them", None, others, ours, 1)

    values = np.arange(float(_LONG))
    yield Row(f"`HistoryBuffer.mean` of {_LONG:,}", values.mean, *_both(_mean, values), 1.5)
    yield Row(f"`MessageHub.state_dict`, 5 of {_LONG:,}", None, *_both(_state, values), 1.1)
    yield Row("`BaseDataElement` of two fields", None, *_both(_element), 0.7, 2_000)
    yield Row("`Evaluator.process` of one dict", None, *_both(_process), 0.9, 2_000)
    for name, result in (("numbers", 1.0), ("dicts", {"pred": 1, "label": 2})):
        yield Row(f"`evaluate` {_RESULTS:,} {name}", None, *_both(_evaluate, result), 0.9)
    yield Row("`BaseDataset` of 100,000 annotations", None, *_both(_dataset), 1)


def _both(make: Callable[..., Op], *words: Any) -> tuple[dict[str, Op], Op]:
    """Return what a function makes for MMEngine, by its name, and for engine.

    Args:
        make: Takes a library, and what else there is.
        *words: What else there is.
    """
    import mmengine

    import engine

    for library in (mmengine, engine):
        for part in ("dataset", "evaluator", "logging", "registry", "structures"):
            import_module(f"{library.__name__}.{part}")
    return {"MMEngine": make(mmengine, *words)}, make(engine, *words)


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
    return _asks(registry, classes)


def _registers_in_catalogue(classes: Sequence[type]) -> Op:
    import catalogue

    numbers = count()

    def op() -> None:
        registry = catalogue.create(f"bench{next(numbers)}")
        for each in classes:
            registry.register(each.__name__)(each)

    return op


def _gets_of_catalogue(classes: Sequence[type]) -> Op:
    import catalogue

    registry = catalogue.create("bench")
    for each in classes:
        registry.register(each.__name__)(each)
    return _asks(registry, classes)


def _asks(registry: Any, classes: Sequence[type]) -> Op:
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


def _element(library: Any) -> Op:
    kind, tensor = library.structures.BaseDataElement, torch.zeros(4)
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


def _annotations() -> str:
    path = Path(tempfile.gettempdir(), "engine-bench-annotations.json")
    entries = [
        {"img_path": f"train/{number:08}.jpg", "height": 480, "width": number % 640, "gt_label": 3}
        for number in range(100_000)
    ]
    path.write_text(json.dumps({"metainfo": {}, "data_list": entries}))
    return str(path)


def _dataset(library: Any) -> Op:
    file = _annotations()
    return lambda: library.dataset.BaseDataset(file)


def compare() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print_rows(chain(rows(), stored.rows()))
    import mmengine

    import engine

    sizes = [size_of_state(library) for library in (mmengine, engine)]
    print(f"\nThe state of the hub takes {sizes[0]:.1f} MiB of MMEngine's, {sizes[1]:.1f} of ours.")


def main(words: list[str]) -> None:
    """Run the comparison beside the other libraries."""
    run_beside_peers(Path(__file__).name, "compare", *words)


if __name__ == "__main__" and sys.argv[1:] == ["compare"]:
    compare()
