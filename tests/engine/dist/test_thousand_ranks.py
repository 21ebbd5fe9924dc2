"""A thousand processes that are not there: torch's fake backend stands for the other ones."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed
from torch.distributed.checkpoint import default_planner
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard
from torch.testing._internal.distributed.fake_pg import FakeStore

from engine import dist
from engine.dataset import DefaultSampler, InfiniteSampler
from engine.dist import _groups
from engine.evaluator import SumMetric
from engine.optim import OptimWrapper
from engine.registry import STRATEGIES
from engine.testing import as_process

from ..conftest import ToyModel

SIZES = [8, 64, 1000]
HEAD = 1024


@contextmanager
def one_of(world_size: int, rank: int = 0) -> Iterator[None]:
    """Let this process be one of many; what it sends goes nowhere."""
    distributed.init_process_group("fake", rank=rank, world_size=world_size, store=FakeStore())
    world = distributed.group.WORLD
    assert world is not None
    _groups._results[world] = world  # a group of gloo would look for the others
    try:
        yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the bytes that this process gives to each operation."""
    sent: Counter[str] = Counter()

    def count(verb: str, place: int) -> Any:
        original = getattr(distributed, verb)

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if verb != "broadcast" or args[1] == dist.get_rank():
                sent[verb] += args[place].nbytes
            return original(*args, **kwargs)

        return patch.object(distributed, verb, wrapper)

    places = {"all_gather": 1, "gather": 0, "broadcast": 0, "all_reduce": 0, "send": 0}
    patches = [count(verb, place) for verb, place in places.items()]
    for each in patches:
        each.start()
    try:
        yield sent
    finally:
        for each in patches:
            each.stop()


BATCH = {"inputs": torch.ones(4, 4), "data_samples": torch.tensor([0, 1, 2, 0])}


@pytest.mark.parametrize("world_size", SIZES)
def test_copies_of_a_model_make_a_step(world_size: int) -> None:
    with one_of(world_size, rank=world_size - 1):
        built = STRATEGIES.build({"type": "DDPStrategy", "device": "cpu"})
        built.setup({})
        model = built.prepare(ToyModel())
        # The fake backend has no result for the reduction that DDP does by itself.
        model.register_comm_hook(None, lambda _, bucket: _reduce(bucket))
        before = [each.clone() for each in model.parameters()]
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
        with counted() as sent:
            losses = model.train_step(BATCH, wrapper)
        assert losses["loss"].isfinite()
        assert sent == {"all_reduce": sum(each.nbytes for each in before)}
        assert not any(map(torch.equal, model.parameters(), before))


@pytest.mark.parametrize("world_size", SIZES)
@pytest.mark.parametrize("mesh", [{"shard": -1}, {"replicate": 4, "shard": -1}])
def test_a_sharded_model_makes_a_step(world_size: int, mesh: dict[str, int]) -> None:
    with one_of(world_size, rank=0):
        built = STRATEGIES.build({"type": "FSDPStrategy", "device": "cpu", "mesh": mesh})
        built.setup({})
        whole = ToyModel()
        size = sum(each.numel() for each in whole.parameters())
        model = built.prepare(whole)
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
        model.train_step(BATCH, wrapper)
        shares = world_size // mesh.get("replicate", 1)
        own = [dist.local_tensor(each) for each in model.parameters()]
        # Parameters are cut along their first dimension, into parts that differ by one at most.
        rows = sum(-(-each.shape[0] // shares) * each[0].numel() for each in model.parameters())
        assert sum(each.numel() for each in own) == rows <= size


def _reduce(bucket: Any) -> Any:
    distributed.all_reduce(bucket.buffer())
    future: Any = torch.futures.Future()
    future.set_result(bucket.buffer())
    return future


@settings(max_examples=30)
@given(st.sampled_from(SIZES), st.integers(1, 2500), st.booleans(), st.booleans())
def test_samplers_share_each_sample(
    world_size: int, size: int, shuffle: bool, round_up: bool
) -> None:
    drawn: list[list[int]] = []
    endless: list[list[int]] = []
    with as_process(0, world_size):
        sampler = DefaultSampler(range(size), shuffle, 0, round_up)
        infinite = InfiniteSampler(range(size), shuffle, 0)
    for rank in range(world_size):
        sampler.rank = infinite.rank = rank
        drawn.append([*sampler])
        endless.append([*islice(infinite, 2)])
    each = -(-size // world_size)
    assert {*map(len, drawn)} <= ({each} if round_up else {each - 1, each})
    order = [drawn[place % world_size][place // world_size] for place in range(size)]
    assert sorted(order) == [*range(size)]
    repeated = sum(map(len, drawn)) - size
    assert repeated == (each * world_size - size if round_up else 0)
    # Two draws of each are the first 2 n of one stream, in which rounds follow each other.
    stream = [draws[number] for number in range(2) for draws in endless]
    counts = Counter(stream)
    assert max(counts.values()) - min(counts[sample] for sample in range(size)) <= 1


RESULTS: dict[str, tuple[int, Callable[[], Tensor], int]] = {
    "labels": (50_000, lambda: torch.zeros(1, dtype=torch.int64), 64),
    "boxes": (5_000, lambda: torch.zeros(100, 6), 2_600),
    "masks": (2_000, lambda: torch.zeros(512, 512, dtype=torch.uint8), 262_300),
}


@pytest.mark.parametrize("world_size", SIZES)
@pytest.mark.parametrize("kind", RESULTS)
def test_a_process_sends_its_share_of_the_results_and_no_more(kind: str, world_size: int) -> None:
    total, make, most = RESULTS[kind]
    share = [make() for _ in range(-(-total // world_size))]
    with one_of(world_size, rank=1), counted() as sent:
        assert dist.collect_results(share, total) is None
    assert sent["gather"] == HEAD
    assert sent.total() <= HEAD + len(share) * most + 100


class Counts(SumMetric):
    """The number of samples of each of a hundred classes."""

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        labels = torch.tensor([sample["label"] for sample in data_samples])
        return {"counts": labels.bincount(minlength=100)}

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, Any]:
        return {"samples": int(sums["counts"].sum())}


@pytest.mark.parametrize("world_size", SIZES)
def test_a_metric_of_sums_sends_the_sums_alone(world_size: int) -> None:
    metric = Counts()
    with one_of(world_size), counted() as sent:
        for _ in range(20):
            metric.process(None, [{"label": number} for number in range(100)])
        assert metric.evaluate(2000 * world_size) == {"samples": 2000}  # nobody else has any
    assert sent == {"all_gather": HEAD, "all_reduce": 100 * 8, "broadcast": HEAD}


def test_the_plan_of_a_checkpoint_does_not_grow_with_the_processes() -> None:
    plans = []
    for world_size in SIZES:
        with one_of(world_size, rank=1):
            mesh = init_device_mesh("cpu", (world_size,))
            state = {
                f"layer.{number}.weight": DTensor.from_local(
                    torch.zeros(1, 8), mesh, [Shard(0)], run_check=False
                )
                for number in range(100)
            }
            planner: Any = default_planner.DefaultSavePlanner()
            planner.set_up_planner(state, is_coordinator=False)
            plans.append(len(pickle.dumps(planner.create_local_plan())))
    assert max(plans) < 1.05 * min(plans)
    assert max(plans) < 20_000  # bytes, which the first process gets of each
