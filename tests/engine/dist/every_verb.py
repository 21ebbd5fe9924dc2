"""What a process of test_processes.py does and checks."""

from __future__ import annotations

import functools
import itertools
import operator
import os
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import distributed

from engine import dist
from engine.dist import _objects


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
        assert dist.get_backend() == "gloo"
        assert dist.get_comm_device() == torch.device("cpu")
        assert dist.get_default_group() is distributed.group.WORLD
        _tensors(rank, size)
        _many_tensors(rank, size)
        _plain_data(rank, size)
        with patch.object(_objects, "_PIECE", 100):  # bytes, of messages of thousands
            _plain_data(rank, size)
        _results(rank, size)
        _refusals(rank)
        _group(rank, size)
        _local_groups(rank, size)
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
    for op, bits in {"band": operator.and_, "bor": operator.or_, "bxor": operator.xor}.items():
        data = torch.tensor([4 + rank])
        dist.all_reduce(data, op)
        assert data.item() == functools.reduce(bits, (4 + ranks).tolist()), op
    gathered = dist.all_gather(torch.full((2, 3), rank).t())
    assert [each[0, 0].item() for each in gathered] == ranks.tolist()
    assert all(each.shape == (3, 2) for each in gathered)
    for dst in range(size):
        gathered = dist.gather(torch.tensor([rank, dst]), dst)
        assert [each.tolist() for each in gathered] == [
            [of, dst] for of in range(size) if rank == dst
        ]
    data = torch.full((2,), float(rank))
    dist.broadcast(data, src=1)
    assert data.tolist() == [1.0, 1.0]
    columns = torch.full((2, 3), float(rank)).t()  # not contiguous
    dist.broadcast(columns, src=1)
    dist.all_reduce(columns)
    assert columns.tolist() == [[size, size]] * 3


def _many_tensors(rank: int, size: int) -> None:
    for options in ({}, {"bucket_size_mb": 1}, {"coalesce": False}):
        torch.manual_seed(rank)
        model = torch.nn.Sequential(torch.nn.Linear(600, 600), torch.nn.BatchNorm1d(600))
        before = dist.all_gather_object(model.state_dict())
        dist.all_reduce_params(model.parameters(), op="mean", **options)
        dist.all_reduce_params((each for each in model.buffers()), op="max", **options)
        for name, value in model.state_dict().items():
            all_of_it = torch.stack([state[name] for state in before])
            is_parameter = name in dict(model.named_parameters())
            expected = all_of_it.sum(0) / size if is_parameter else all_of_it.amax(0)
            torch.testing.assert_close(value, expected, msg=f"{name} {options}")
        assert all(each.requires_grad for each in model.parameters())
    # The processes have their keys in another order.
    pairs = {"a": torch.ones(2) * rank, "b": torch.tensor(rank), "c": torch.ones(1, 3)}
    data = dict(sorted(pairs.items(), reverse=bool(rank)))
    dist.all_reduce_dict(data)
    total = sum(range(size))
    assert data["a"].tolist() == [total, total]
    assert data["b"].item() == total
    assert data["c"].tolist() == [[size] * 3]


def _plain_data(rank: int, size: int) -> None:
    def data(of: int) -> dict[str, Any]:
        # Each process has another amount, the first next to nothing.
        nested = [{"box": torch.ones(of, 4), "names": ("é", None, True)} for _ in range(of)]
        return {"rank": of, "long": "x" * 1000 * of, "list": [1.5, nested], "kind": torch.half}

    gathered = dist.all_gather_object(data(rank))
    assert [repr(each) for each in gathered] == [repr(data(of)) for of in range(size)]
    assert dist.all_gather_object(None) == [None] * size
    for dst in range(size):
        found = dist.gather_object(data(rank), dst)
        assert repr(found) == repr([data(of) for of in range(size)] if rank == dst else None)
    for src in range(size):
        shared = [data(rank), rank] if rank == src else [None, None]
        dist.broadcast_object_list(shared, src)
        assert repr(shared) == repr([data(src), src])


def _results(rank: int, size: int) -> None:
    for n_samples, device in itertools.product((1, size, 3 * size + 1), ("cpu", "gpu")):
        per_process = -(-n_samples // size)
        order = [number % n_samples for number in range(per_process * size)]  # padded
        part = [{"n": each} for each in order[rank::size]]
        collected = dist.collect_results(part, n_samples, device)
        expected = [{"n": number} for number in range(n_samples)]
        assert collected == (expected if rank == 0 else None)
        part = [*range(n_samples)][rank::size]  # unpadded
        collected = dist.collect_results(part, n_samples, device)
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
    with pytest.raises(ValueError, match=r"op is one of mean, sum, .*, bxor; got 'median'"):
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
        found = dist.gather_object({"rank": rank}, members[1], group)
        assert found == ([{"rank": of} for of in members] if rank == members[1] else None)
        shared = [rank]
        dist.broadcast_object_list(shared, members[1], group)
        assert shared == [members[1]]
        data = torch.tensor([float(rank)])
        dist.all_reduce(data, "mean", group)
        assert data.item() == sum(members) / 2
        seed = dist.sync_random_seed(group)
        assert dist.all_gather_object(seed, group) == [seed, seed]


def _local_groups(rank: int, size: int) -> None:
    """Each process is one machine, and then all are one."""
    with pytest.raises(ValueError, match="make it with init_local_group"):
        dist.get_local_size()
    with pytest.raises(ValueError, match=f"process {rank} of {size} is not one of {size + 1} on"):
        dist.init_local_group(0, size + 1)
    with pytest.raises(ValueError, match=f"is not one of 1 on machine {size}"):
        dist.init_local_group(size, 1)
    dist.init_local_group(rank, 1)
    assert dist.get_local_size() == 1
    assert dist.all_gather_object(rank, dist.get_local_group()) == [rank]
    dist.init_local_group(0, size)
    assert dist.get_local_size() == size
    assert dist.all_gather_object(rank, dist.get_local_group()) == [*range(size)]
    os.environ["LOCAL_WORLD_SIZE"] = str(size)  # as torchrun tells
    assert dist.get_local_size() == size
