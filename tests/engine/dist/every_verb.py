"""What a process of test_processes.py does and checks."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed

from engine import dist


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Join the others, and try every verb."""
    warnings.simplefilter("error")
    size = int(variables["WORLD_SIZE"])
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    assert dist.get_dist_info() == (0, 1)
    dist.init_dist("pytorch", timeout=timedelta(seconds=60))
    try:
        assert dist.is_distributed()
        assert dist.get_dist_info() == (rank, size)
        assert dist.get_local_rank() == dist.get_rank() == rank
        assert dist.get_world_size() == size
        assert dist.is_main_process() == (rank == 0)
        _tensors(rank, size)
        _plain_data(rank, size)
        _results(rank, size)
        _refusals(rank)
        _group(rank, size)
        dist.barrier()
    finally:
        distributed.destroy_process_group()


def _tensors(rank: int, size: int) -> None:
    ranks = torch.arange(size)
    expected = {"sum": ranks.sum() + size, "max": size, "min": 1, "mean": (size + 1) / 2}
    expected["product"] = (ranks + 1).prod()
    for op, value in expected.items():
        data = torch.full((2,), rank + 1.0, dtype=torch.float64)
        dist.all_reduce(data, op)
        assert data.tolist() == [value, value], op
    gathered = dist.all_gather(torch.full((2, 3), rank).t())
    assert [each[0, 0].item() for each in gathered] == ranks.tolist()
    assert all(each.shape == (3, 2) for each in gathered)
    data = torch.full((2,), float(rank))
    dist.broadcast(data, src=1)
    assert data.tolist() == [1.0, 1.0]


def _plain_data(rank: int, size: int) -> None:
    def data(of: int) -> dict[str, Any]:
        # Each process has another amount, the first next to nothing.
        nested = [{"box": torch.ones(of, 4), "names": ("é", None, True)} for _ in range(of)]
        return {"rank": of, "long": "x" * 1000 * of, "list": [1.5, nested], "kind": torch.half}

    gathered = dist.all_gather_object(data(rank))
    assert [repr(each) for each in gathered] == [repr(data(of)) for of in range(size)]
    assert dist.all_gather_object(None) == [None] * size
    for src in range(size):
        shared = [data(rank), rank] if rank == src else [None, None]
        dist.broadcast_object_list(shared, src)
        assert repr(shared) == repr([data(src), src])


def _results(rank: int, size: int) -> None:
    for n_samples in (1, size, 3 * size + 1):
        per_process = -(-n_samples // size)
        order = [number % n_samples for number in range(per_process * size)]  # padded
        collected = dist.collect_results([{"n": each} for each in order[rank::size]], n_samples)
        expected = [{"n": number} for number in range(n_samples)]
        assert collected == (expected if rank == 0 else None)
        collected = dist.collect_results([*range(n_samples)][rank::size], n_samples)  # unpadded
        assert collected == ([*range(n_samples)] if rank == 0 else None)
    seeds = dist.all_gather_object(dist.sync_random_seed())
    assert len(set(seeds)) == 1
    assert dist.sync_random_seed() != seeds[0]
    assert dist.master_only(lambda text: f"{text}!")("here") == ("here!" if rank == 0 else None)


def _refusals(rank: int) -> None:
    for data in (np.zeros(3), [np.float64(1)], {"a": (np.arange(2),)}):
        with pytest.raises(TypeError, match=r"plain data, and here is numpy.*: convert it to tens"):
            dist.all_gather_object(data)
    if rank == 0:
        with pytest.raises(TypeError, match=r"here is fractions\.Fraction"):
            dist.broadcast_object_list([_fraction()])
    with pytest.raises(ValueError, match="op is one of mean, sum, product, min, max; got 'median'"):
        dist.all_reduce(torch.zeros(1), "median")


def _fraction() -> Any:
    from fractions import Fraction

    return Fraction(1, 2)


def _group(rank: int, size: int) -> None:
    """The last two processes work together without the first."""
    members = [size - 2, size - 1]
    group = distributed.new_group(members)
    if rank in members:
        assert isinstance(group, distributed.ProcessGroup)
        assert dist.get_dist_info(group) == (members.index(rank), 2)
        assert dist.is_main_process(group) == (rank == members[0])
        assert dist.all_gather_object({"rank": rank}, group) == [{"rank": of} for of in members]
        shared = [rank]
        dist.broadcast_object_list(shared, members[1], group)
        assert shared == [members[1]]
        data = torch.tensor([float(rank)])
        dist.all_reduce(data, "mean", group)
        assert data.item() == sum(members) / 2
        seed = dist.sync_random_seed(group)
        assert dist.all_gather_object(seed, group) == [seed, seed]
