"""The verbs in a single process, where nothing is exchanged."""

from __future__ import annotations

import pytest
import torch

from engine import dist


def test_this_process_is_the_first_and_only_one() -> None:
    assert not dist.is_distributed()
    assert dist.get_dist_info() == (0, 1)
    assert dist.get_local_rank() == 0
    assert dist.is_main_process()
    dist.barrier()


@pytest.mark.parametrize("op", ["sum", "mean", "product", "min", "max"])
def test_tensors_stay_what_they_are(op: str) -> None:
    data = torch.tensor([1.0, 2.0])
    dist.all_reduce(data, op)
    dist.broadcast(data)
    assert data.tolist() == [1.0, 2.0]
    [gathered] = dist.all_gather(data)
    assert gathered is data


def test_an_operation_is_checked_here_too() -> None:
    with pytest.raises(ValueError, match="op is one of mean, sum, product, min, max; got 'avg'"):
        dist.all_reduce(torch.zeros(1), "avg")


def test_objects_stay_what_they_are() -> None:
    data = {"a": object()}
    [gathered] = dist.all_gather_object(data)
    assert gathered is data
    shared = [data]
    dist.broadcast_object_list(shared)
    assert shared == [data]
    assert dist.collect_results([1, 2, 3, 1], 3) == [1, 2, 3]
    assert dist.collect_results([], 3) == []


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


def test_a_launcher_must_be_known_and_have_done_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"the launcher is 'none' or 'pytorch'.*; got 'slurm'"):
        dist.init_dist("slurm")
    monkeypatch.setenv("RANK", "0")
    for name in ("WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="sets WORLD_SIZE, MASTER_ADDR, MASTER_PORT") as error:
        dist.init_dist("pytorch")
    assert "torchrun --nproc-per-node 2 -m engine train" in str(error.value)
    assert not dist.is_distributed()
