"""What a process of test_processes.py does while the first one takes long to compute metrics."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from torch import distributed
from torch._C._distributed_c10d import TCPStore

from engine import dist
from engine.evaluator import BaseMetric

TIMEOUT = 4  # seconds


class Count(BaseMetric):
    """Counts the samples; the first process does so once the others have run out of patience."""

    def __init__(self, store: TCPStore) -> None:
        super().__init__()
        self.store = store

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[int]) -> dict[str, Any]:
        self.store.wait(["out of patience"], timedelta(seconds=60))
        return {"samples": results}


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Evaluate, with a collective beside it that does not wait as long."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", timeout=TIMEOUT)
    try:
        metric = Count(TCPStore(variables["MASTER_ADDR"], int(variables["MASTER_PORT"])))
        metric.process(None, [rank, rank + 2])
        metric.process(None, [0] if rank else [4])  # the last batch is filled up
        assert dist.get_results_group() is dist.get_results_group()
        thread = threading.Thread(target=_wait, args=(metric.store,))
        if rank:
            thread.start()
        assert metric.evaluate(5) == {"samples": [0, 1, 2, 3, 4]}
        if rank:
            thread.join()
    finally:
        distributed.destroy_process_group()


def _wait(store: TCPStore) -> None:
    with pytest.raises(RuntimeError, match=r"[Tt]imed out"):
        dist.barrier()
    store.set("out of patience", "1")
