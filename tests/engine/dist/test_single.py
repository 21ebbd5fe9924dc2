"""The verbs in a single process, where nothing is exchanged."""

from __future__ import annotations

import pytest
import torch

from engine import dist


def test_this_process_is_the_first_and_only_one() -> None:
    assert not dist.is_distributed()
    assert dist.get_dist_info() == (0, 1)
    assert dist.get_local_rank() == 0
    assert dist.get_local_size() == 1
    assert dist.is_main_process()
    assert dist.get_backend() is None
    assert dist.get_comm_device() == torch.device("cpu")
    dist.init_local_group(0, 1)
    assert dist.get_default_group() is dist.get_local_group() is dist.get_results_group() is None
    dist.barrier()


@pytest.mark.parametrize("op", ["sum", "mean", "product", "min", "max", "band", "bor", "bxor"])
def test_tensors_stay_what_they_are(op: str) -> None:
    data = torch.tensor([1, 2] if op.startswith("b") else [1.0, 2.0])
    dist.all_reduce(data, op)
    dist.all_reduce_dict({"a": data}, op)
    dist.all_reduce_params([data], op=op)
    dist.broadcast(data)
    assert data.tolist() == [1.0, 2.0]
    [gathered] = dist.all_gather(data)
    assert gathered is data
    assert dist.gather(data) == [data]


def test_an_operation_is_checked_here_too() -> None:
    with pytest.raises(ValueError, match=r"op is one of mean, sum, product, min, .*; got 'avg'"):
        dist.all_reduce(torch.zeros(1), "avg")


def test_objects_stay_what_they_are() -> None:
    data = {"a": object()}
    [gathered] = dist.all_gather_object(data)
    assert gathered is data
    assert dist.gather_object(data) == [data]
    shared = [data]
    dist.broadcast_object_list(shared)
    assert shared == [data]
    assert dist.collect_results([1, 2, 3, 1], 3) == [1, 2, 3]
    assert dist.collect_results([], 3) == []
    assert dist.collect_results_cpu([1, 2], 1, tmpdir="unused") == [1]
    assert dist.collect_results_gpu([1, 2], 1) == [1]
    with pytest.raises(ValueError, match="device is 'cpu' or 'gpu'; got 'cuda'"):
        dist.collect_results([], 0, "cuda")


def test_the_first_process_does_what_only_one_may() -> None:
    @dist.master_only
    def double(x: int) -> int:
        """Doubles."""
        return 2 * x

    assert double(4) == 8
    assert double.__name__ == "double"


def test_seeds_are_random() -> None:
    seeds = {dist.sync_random_seed() for _ in range(4)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**31 for seed in seeds)
