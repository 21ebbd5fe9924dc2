"""What the functions of `dist` give in each of two processes, under the engine of this environment.

    python tests/clients/dist_facts.py PORT > tests/clients/records/dist.json

Run where MMEngine is installed, it says what is right. Run where it is not, it is about engine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

try:
    from mmengine import dist
except ImportError:
    from engine import dist

OPERATIONS = ("sum", "mean", "min", "max", "product", "band", "bor", "bxor", "SUM", "MEAN")
BITWISE = ("band", "bor", "bxor")
OBJECTS = ("x", None, 2.5, [1, (2, 3)])


def main() -> None:
    """Print the facts of both processes."""
    with tempfile.TemporaryDirectory() as folder:
        spawn(_write_facts, (sys.argv[1], folder), nprocs=2)
        facts = [json.loads((Path(folder) / str(rank)).read_text()) for rank in range(2)]
    json.dump(facts, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _write_facts(rank: int, port: str, folder: str) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, RANK=str(rank), WORLD_SIZE="2")
    distributed.init_process_group("gloo")
    facts = {name: _shown(call()) for name, call in _calls(rank)}
    (Path(folder) / str(rank)).write_text(json.dumps(facts))
    distributed.barrier()
    distributed.destroy_process_group()


def _calls(rank: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield from _reductions(rank)
    mine = partial(torch.tensor, [rank + 1.0])
    yield "all_gather", lambda: dist.all_gather(mine())
    yield "all_gather of a number", lambda: dist.all_gather(torch.tensor(rank))
    for process in range(2):
        objects = [*OBJECTS, rank, {"a": mine(), "b": {"c": rank}}]
        yield f"gather {process}", partial(dist.gather, mine(), dst=process)
        yield f"broadcast {process}", partial(_changed, dist.broadcast, mine(), src=process)
        yield f"gather_object {process}", partial(dist.gather_object, objects, dst=process)
        changed = partial(_changed, dist.broadcast_object_list, objects, src=process)
        yield f"broadcast_object_list {process}", changed
    yield "all_gather_object", lambda: dist.all_gather_object([*OBJECTS, rank])
    for size in range(1, 6):
        part = [{"rank": rank, "place": place} for place in range((size + 1 - rank) // 2)]
        padded = [{"rank": rank, "place": place} for place in range((size + 1) // 2)]
        for device in ("cpu", "gpu"):
            yield f"collect {size} {device}", partial(dist.collect_results, part, size, device)
            yield f"padded {size} {device}", partial(dist.collect_results, padded, size, device)
    yield "uneven", lambda: dist.collect_results([rank] * (3 - 2 * rank), 4, "cpu")
    yield "seeds", lambda: len({*dist.all_gather_object(dist.sync_random_seed())})
    yield "info", lambda: [dist.get_dist_info(), dist.get_world_size(), dist.get_rank()]
    yield "process", lambda: [dist.is_main_process(), dist.is_distributed(), dist.get_backend()]
    yield "master_only", dist.master_only(lambda: rank)
    yield "barrier", dist.barrier


def _reductions(rank: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    for op in OPERATIONS:
        kind = torch.int64 if op in BITWISE else torch.float32
        one, two = torch.tensor([rank + 1, 4], dtype=kind), torch.tensor(rank, dtype=kind)
        yield f"all_reduce {op}", partial(_changed, dist.all_reduce, one.clone(), op)
        tensors = {"b": one.clone(), "a": two.clone()}
        yield f"all_reduce_dict {op}", partial(_changed, dist.all_reduce_dict, tensors, op)
        for coalesce in (True, False):
            params = [one.clone(), two.clone()]
            reduce = partial(_changed, dist.all_reduce_params, params, coalesce, op=op)
            yield f"all_reduce_params {op} {coalesce}", reduce
    mixed = {"a": torch.tensor(rank), "b": torch.tensor([0.5])}
    yield "mean of mixed types", partial(_changed, dist.all_reduce_dict, mixed, "mean")


def _changed(function: Callable[..., Any], data: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function that changes its first argument; return that and the result."""
    return [function(data, *args, **kwargs), data]


def _shown(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, dict):
        return {str(key): _shown(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(_shown, value)]
    return value


if __name__ == "__main__":
    main()
