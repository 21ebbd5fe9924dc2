"""What exchanging objects costs, over `torch.distributed`, and what a thousand processes send.

`python scripts/bench dist` prints the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, distributed
from torch._C._distributed_c10d import TCPStore
from torch.distributed.checkpoint import default_planner
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard
from torch.multiprocessing.spawn import start_processes
from torch.testing._internal.distributed.fake_pg import FakeStore

from engine import dist
from engine.dist import _groups

PROCESSES = 2
RESULTS = 20_000
MASKS = 50
ROUNDS = 15
SIZES = (8, 64, 1000)
TENSORS = 100


def main(words: Sequence[str]) -> None:
    """Print the tables."""
    argparse.ArgumentParser(prog="python scripts/bench dist", description=__doc__).parse_args(words)
    _print_exchanges()
    _print_many()


def _print_exchanges() -> None:
    print(f"{PROCESSES} processes, gloo; the best of {ROUNDS} rounds\n")
    print(
        "| case | torch (ms) | engine (ms) | ratio | target |\n|---|---:|---:|---:|---:|",
        flush=True,
    )
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    variables = {
        "WORLD_SIZE": str(PROCESSES),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCHELASTIC_RESTART_COUNT": "0",
    }
    start_processes(_exchange, (variables,), PROCESSES, start_method="fork")


def _exchange(rank: int, variables: Mapping[str, str]) -> None:
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", backend="gloo")
    masks = [torch.zeros(512, 512, dtype=torch.uint8) for _ in range(MASKS)]
    cases: dict[str, Any] = {
        f"{RESULTS:,} results of three numbers": [
            {"label": number, "score": number / 2, "rank": rank} for number in range(RESULTS)
        ],
        f"{RESULTS // 10:,} results with a small tensor": [
            {"label": number, "scores": torch.ones(3)} for number in range(RESULTS // 10)
        ],
        f"{MASKS} masks of 512 × 512": masks,
        f"{MASKS} masks of one process, none of the other": [] if rank else masks,
        "a number": rank,
    }
    for case, data in cases.items():
        for verb in ("all_gather_object", "gather_object"):
            theirs, ours = _best(
                functools.partial(_THEIRS[verb], data), functools.partial(getattr(dist, verb), data)
            )
            if rank == 0:
                numbers = f"{theirs * 1e3:.1f} | {ours * 1e3:.1f} | {ours / theirs:.2f}"
                print(f"| `{verb}`: {case} | {numbers} | ≤ 1 |", flush=True)
    distributed.destroy_process_group()


def _all_gather(data: Any) -> list[Any]:
    gathered = [None] * PROCESSES
    distributed.all_gather_object(gathered, data)
    return gathered


def _gather(data: Any) -> list[Any] | None:
    gathered = None if dist.get_rank() else [None] * PROCESSES
    distributed.gather_object(data, gathered)
    return gathered


_THEIRS = {"all_gather_object": _all_gather, "gather_object": _gather}


def _best(*verbs: Callable[[], Any]) -> list[float]:
    """Return the best times of functions that take turns, in seconds."""
    best = [float("inf")] * len(verbs)
    for _ in range(ROUNDS):
        for which, verb in enumerate(verbs):
            gc.collect()  # else one of them would collect what the other left
            distributed.barrier()
            start = time.perf_counter()
            gathered = verb()
            distributed.barrier()
            best[which] = min(best[which], time.perf_counter() - start)
            del gathered  # not in the time of the next
    return best


def _print_many() -> None:
    """Print what one of many processes sends; torch's fake backend stands for the others."""
    results: Mapping[str, tuple[int, Callable[[], Tensor]]] = {
        "labels": (50_000, lambda: torch.zeros(1, dtype=torch.int64)),
        "sets of 100 boxes": (5_000, lambda: torch.zeros(100, 6)),
        "masks of 512 × 512": (2_000, lambda: torch.zeros(512, 512, dtype=torch.uint8)),
    }
    sizes = " | ".join(f"{size:,}" for size in SIZES)
    print("\nWhat one of so many processes sends (bytes), and how long it takes itself (s)\n")
    print(f"| case | {sizes} |\n|---|{'---:|' * len(SIZES)}", flush=True)
    for name, (total, make) in results.items():
        cells = [_measure(_gather_share, size, total, make) for size in SIZES]
        print(f"| `collect_results` of {total:,} {name} | {' | '.join(cells)} |", flush=True)
    cells = [_measure(_reduce_sums, size) for size in SIZES]
    print(f"| `all_reduce_dict` of the counts of 1,000 classes | {' | '.join(cells)} |", flush=True)
    cells = [_plan(size) for size in SIZES]
    print(f"| the plan of a checkpoint of {TENSORS} sharded tensors | {' | '.join(cells)} |")
    cells = [_all_plans(size) for size in SIZES]
    print(f"| all plans, and the metadata made of them | {' | '.join(cells)} |", flush=True)


@contextmanager
def _one_of(size: int, rank: int = 1) -> Iterator[None]:
    distributed.init_process_group("fake", rank=rank, world_size=size, store=FakeStore())
    world = distributed.group.WORLD
    assert world is not None
    _groups._results[world] = world  # a group of gloo would look for the others
    try:
        yield
    finally:
        distributed.destroy_process_group()


def _measure(work: Callable[..., Any], size: int, *args: Any) -> str:
    sent = 0

    def count(verb: str) -> Any:
        original = getattr(distributed, verb)

        def wrapper(*words: Any) -> Any:
            nonlocal sent
            sent += words[0].nbytes
            return original(*words)

        return patch.object(distributed, verb, wrapper)

    with _one_of(size), count("gather"), count("send"), count("all_reduce"):
        start = time.perf_counter()
        work(size, *args)
        seconds = time.perf_counter() - start
    return f"{sent:,}; {seconds:.3f}"


def _gather_share(size: int, total: int, make: Callable[[], Tensor]) -> None:
    dist.collect_results([make() for _ in range(-(-total // size))], total)


def _reduce_sums(size: int) -> None:
    dist.all_reduce_dict({"counts": torch.zeros(3, 1000, dtype=torch.int64)})


def _local_plan(size: int) -> Any:
    mesh = init_device_mesh("cpu", (size,))
    state = {
        f"layer.{number}.weight": DTensor.from_local(
            torch.zeros(1, 8), mesh, [Shard(0)], run_check=False
        )
        for number in range(TENSORS)
    }
    planner: Any = default_planner.DefaultSavePlanner()
    planner.set_up_planner(state, is_coordinator=True)
    return planner, planner.create_local_plan()


def _plan(size: int) -> str:
    with _one_of(size):
        start = time.perf_counter()
        _, plan = _local_plan(size)
        return f"{len(pickle.dumps(plan)):,}; {time.perf_counter() - start:.3f}"


def _all_plans(size: int) -> str:
    plans = []
    for rank in range(size):
        with _one_of(size, rank):
            planner, plan = _local_plan(size)
            plans.append(plan)
    gathered = sum(len(pickle.dumps(plan)) for plan in plans)
    start = time.perf_counter()
    _, metadata = planner.create_global_plan(plans)
    seconds = time.perf_counter() - start
    return f"{gathered:,} and {len(pickle.dumps(metadata)):,}; {seconds:.3f}"
