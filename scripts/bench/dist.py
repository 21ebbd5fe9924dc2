"""What exchanging objects costs, over `torch.distributed`.

`python scripts/bench dist` prints the tables of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import functools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import distributed
from torch._C._distributed_c10d import TCPStore
from torch.multiprocessing.spawn import start_processes

from engine import dist

PROCESSES = 2
RESULTS = 20_000
MASKS = 50
ROUNDS = 15


def main(words: Sequence[str]) -> None:
    """Print the tables."""
    argparse.ArgumentParser(prog="python scripts/bench dist", description=__doc__).parse_args(words)
    _print_exchanges()


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
            distributed.barrier()
            start = time.perf_counter()
            gathered = verb()
            distributed.barrier()
            best[which] = min(best[which], time.perf_counter() - start)
            del gathered  # not in the time of the next
    return best
