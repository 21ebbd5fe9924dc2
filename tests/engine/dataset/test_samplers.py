"""The order in which samples are drawn."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from engine.dataset import DefaultSampler, InfiniteSampler
from engine.registry import DATA_SAMPLERS
from engine.testing import as_process


def test_each_sample_is_drawn_once_in_another_order_per_epoch() -> None:
    sampler = DATA_SAMPLERS.build(
        {"type": "DefaultSampler", "seed": 3}, default_args={"dataset": range(50)}
    )
    first = list(sampler)
    assert sorted(first) == list(range(50))
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first
    assert list(DefaultSampler(range(50), seed=4)) != first
    assert list(DefaultSampler(range(50), shuffle=False)) == list(range(50))


def test_no_global_generator_is_touched() -> None:
    before = torch.random.get_rng_state()
    list(DefaultSampler(range(50), seed=0))
    list(islice(InfiniteSampler(range(50), seed=0), 120))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_default_seed_is_random() -> None:
    assert len({DefaultSampler(range(3)).seed for _ in range(4)}) > 1


@pytest.mark.parametrize("size", [0, 1, 2, 7, 9])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("round_up", [True, False])
def test_processes_share_an_epoch(size: int, shuffle: bool, round_up: bool) -> None:
    shards = []
    for rank in range(3):
        with as_process(rank, 3):
            sampler = DefaultSampler(range(size), shuffle, seed=1, round_up=round_up)
        shards.append(list(sampler))
        assert len(sampler) == len(shards[-1])
    whole = list(DefaultSampler(range(size), shuffle, seed=1))
    together = [shards[i % 3][i // 3] for i in range(sum(map(len, shards)))]
    assert together[:size] == whole
    if round_up:
        assert len({len(shard) for shard in shards}) == 1
    else:
        assert len(together) == size


@given(size=st.integers(1, 9), skipped=st.integers(0, 30), seed=st.integers(0, 3))
def test_skipping_is_drawing_without_looking(size: int, skipped: int, seed: int) -> None:
    default, infinite = (
        DefaultSampler(range(size), seed=seed),
        InfiniteSampler(range(size), seed=seed),
    )
    whole = list(default)
    default.skip(skipped)
    assert list(default) == whole[skipped:]
    assert list(default) == whole
    assert len(default) == size

    stream = list(islice(infinite, 60))
    infinite.skip(skipped)
    assert list(islice(infinite, 60 - skipped)) == stream[skipped:]
    assert list(islice(infinite, 60)) == stream


@given(
    size=st.integers(1, 12),
    taken=st.integers(0, 14),
    world_size=st.integers(1, 5),
    round_up=st.booleans(),
)
def test_any_number_of_processes_shares_what_is_left(
    size: int, taken: int, world_size: int, round_up: bool
) -> None:
    whole = list(DefaultSampler(range(size), seed=3))
    endless = list(islice(InfiniteSampler(range(size), seed=3), taken + 40))
    shards, streams = [], []
    for rank in range(world_size):
        with as_process(rank, world_size):
            default = DefaultSampler(range(size), seed=3, round_up=round_up)
            infinite = InfiniteSampler(range(size), seed=3)
        default.start_at(taken)
        infinite.start_at(taken)
        shards.append(list(default))
        assert len(shards[-1]) == default.left(taken)
        streams.append(list(islice(infinite, 40 // world_size)))
    left = whole[taken:]
    together = [shards[i % world_size][i // world_size] for i in range(sum(map(len, shards)))]
    assert together[: len(left)] == left
    assert set(together[len(left) :]) <= {*whole}
    assert (len({len(shard) for shard in shards}) == 1) if round_up else together == left
    stream = [streams[i % world_size][i // world_size] for i in range(sum(map(len, streams)))]
    assert stream == endless[taken : taken + len(stream)]


def test_a_loader_skips_whole_batches() -> None:
    sampler = DefaultSampler(range(10), seed=5)
    numbers = TensorDataset(torch.arange(10))
    loader: DataLoader[Any] = DataLoader(numbers, batch_size=3, sampler=sampler)
    batches = [batch.tolist() for (batch,) in loader]
    sampler.skip(2 * 3)
    assert [batch.tolist() for (batch,) in loader] == batches[2:]


def test_a_negative_skip_is_an_error() -> None:
    with pytest.raises(ValueError, match="can't be negative, got -1"):
        DefaultSampler(range(3)).skip(-1)


def test_processes_share_a_stream() -> None:
    whole = list(islice(InfiniteSampler(range(7), seed=2), 40))
    assert sorted(whole[:7]) == sorted(whole[7:14]) == list(range(7))
    assert whole[:7] != whole[7:14]
    for rank in range(2):
        with as_process(rank, 2):
            sampler = InfiniteSampler(range(7), seed=2)
        assert list(islice(sampler, 20)) == whole[rank::2]
        sampler.skip(9)
        assert list(islice(sampler, 11)) == whole[rank::2][9:]
        assert len(sampler) == 7


def test_a_stream_without_shuffling_counts_on() -> None:
    sampler = InfiniteSampler(range(3), shuffle=False)
    sampler.set_epoch(4)
    assert list(islice(sampler, 7)) == [0, 1, 2, 0, 1, 2, 0]


def test_an_empty_data_set_has_no_stream() -> None:
    with pytest.raises(ValueError, match="not empty"):
        InfiniteSampler([])


@given(st.integers(1, 30), st.integers(1, 5), st.booleans())
def test_sizes_are_those_of_what_is_drawn(size: int, world_size: int, round_up: bool) -> None:
    drawn = []
    for rank in range(world_size):
        with as_process(rank, world_size):
            sampler = DefaultSampler(range(size), round_up=round_up, seed=0)
            assert sampler.num_samples == len(sampler) == len([*sampler])
            drawn.append(sampler.num_samples)
            assert (sampler.rank, sampler.world_size, sampler.seed) == (rank, world_size, 0)
            assert InfiniteSampler(range(size), seed=0).size == size
    assert sampler.total_size == sum(drawn)
