"""The batches of a loader, which are the same whenever a pass is drawn again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    WeightedRandomSampler,
    get_worker_info,
)

from engine.dataset import DefaultSampler, InfiniteSampler, make_resumable
from engine.testing import as_process

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


class Numbers(Dataset[list[float]]):
    """Numbers with noise from all generators; it counts what is read in this process."""

    def __init__(self, size: int = 20) -> None:
        self.size, self.reads = size, 0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> list[float]:
        self.reads += 1
        return [index, random.random(), float(np.random.rand()), float(torch.rand(()))]


def rows(batches: Iterator[Any]) -> list[Any]:
    return [[[float(number) for number in row] for row in batch] for batch in batches]


def loader_of(dataset: Any, **options: Any) -> DataLoader[Any]:
    if options.get("num_workers"):
        options["multiprocessing_context"] = "fork"
    return DataLoader(dataset, batch_size=4, collate_fn=list, **options)


ORDERS: dict[str, Any] = {
    "in order": lambda data: {},
    "shuffled": lambda data: {"shuffle": True},
    "default": lambda data: {"sampler": DefaultSampler(data, seed=1)},
    "infinite": lambda data: {"sampler": InfiniteSampler(data, seed=1)},
    "weighted": lambda data: {"sampler": WeightedRandomSampler([1.0] * len(data), 20)},
    "own generator": lambda data: {
        "sampler": RandomSampler(data, generator=torch.Generator().manual_seed(3))
    },
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_a_pass_goes_on_in_the_middle_as_if_it_had_not_stopped(order: str, workers: int) -> None:
    def loader() -> Any:
        data = Numbers()
        return make_resumable(loader_of(data, num_workers=workers, **ORDERS[order](data)), seed=5)

    straight, stopped, resumed = loader(), loader(), loader()
    passes = []
    for number in range(2):
        torch.manual_seed(number)
        passes.append(rows(islice(straight.one_pass(number), 5)))
    list(islice(stopped.one_pass(0), 5))
    list(islice(stopped.one_pass(1), 2))
    resumed.load_state_dict(stopped.state_dict())
    rest = rows(islice(resumed.one_pass(1, start=2), 3))
    expected = passes[1][2:]
    if workers == 0:  # the global generators go on from a checkpoint
        rest, expected = ([[row[0] for row in b] for b in each] for each in (rest, expected))
    assert rest == expected
    if order not in ("in order", "infinite"):
        assert [row[0] for b in passes[0] for row in b] != [row[0] for b in passes[1] for row in b]


@given(st.integers(0, 20), st.booleans())
def test_what_is_skipped_is_not_read(start: int, has_skip: bool) -> None:
    data = Numbers(80)
    sampler = DefaultSampler(data, seed=2) if has_skip else RandomSampler(data)
    loader = make_resumable(loader_of(data, sampler=sampler), seed=1)
    assert len(list(loader.one_pass(3, start))) == 20 - start
    assert data.reads == 4 * (20 - start)


def test_global_generators_are_left_alone() -> None:
    loader = make_resumable(loader_of(list(range(8)), shuffle=True), seed=1)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert sorted(n for batch in loader.one_pass(0) for n in batch) == list(range(8))
    assert torch.equal(torch.get_rng_state(), before)


def test_batches_of_a_batch_sampler_and_single_samples() -> None:
    data: Any = list(range(10))
    batches = BatchSampler(DefaultSampler(data, shuffle=False), 3, drop_last=False)
    loader = make_resumable(DataLoader(data, batch_sampler=batches, collate_fn=list), seed=0)
    assert list(loader.one_pass(0, 2)) == [[6, 7, 8], [9]]
    single = make_resumable(DataLoader(data, batch_size=None), seed=0)
    assert [int(each) for each in single.one_pass(0, 7)] == [7, 8, 9]


def test_a_data_set_that_reads_several_at_once_does() -> None:
    class Several(Numbers):
        def __getitems__(self, indices: list[int]) -> list[str]:
            return [f"together {index}" for index in indices]

    loader = make_resumable(loader_of(Several(4)), seed=0)
    assert list(loader.one_pass(0)) == [[f"together {index}" for index in range(4)]]


class Opened(Numbers):
    """Tells what a worker's start has done to it."""

    opened_by: int | None = None

    def __getitem__(self, index: int) -> list[float]:
        return [float(-1 if self.opened_by is None else self.opened_by)]


def open_data(worker_id: int) -> None:
    info = get_worker_info()
    assert info is not None
    vars(info.dataset)["opened_by"] = worker_id


def test_a_worker_starts_with_the_data_set_of_the_loader() -> None:
    loader = loader_of(Opened(8), num_workers=2, worker_init_fn=open_data)
    assert rows(make_resumable(loader, seed=0).one_pass(0)) == [[[0.0]] * 4, [[1.0]] * 4]


def test_workers_may_persist() -> None:
    def drawn(**options: Any) -> list[Any]:
        data = Numbers()
        loader = make_resumable(loader_of(data, num_workers=2, shuffle=True, **options), seed=5)
        return [rows(loader.one_pass(number)) for number in range(3)]

    assert drawn(persistent_workers=True) == drawn()


def test_persistent_workers_start_anew_where_the_iterator_is_taken_away() -> None:
    data = Opened(8)
    given = loader_of(data, num_workers=2, persistent_workers=True)
    loader = make_resumable(given, seed=0)
    seen = []
    for number, value in enumerate([None, 5, 6]):
        data.opened_by = value
        if value == 6:
            given._iterator = None
        seen.append(rows(loader.one_pass(number))[0][0][0])
    assert seen == [-1, -1, 6]
    data.opened_by = 7
    assert rows(iter(given))[0] == [[7.0]] * 4  # it is a loader still
    assert rows(loader.one_pass(3))[0] == [[6.0]] * 4


class Stream(IterableDataset[int]):
    """Numbers without an index."""

    def __init__(self) -> None:
        self.position = 0

    def __iter__(self) -> Iterator[int]:
        while self.position < 12:
            self.position += 1
            yield self.position - 1
        self.position = 0


class StreamWithState(Stream):
    """Numbers whose place is known."""

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


def test_a_stream_that_knows_its_place_goes_on() -> None:
    loader = make_resumable(loader_of(StreamWithState()), seed=0)
    assert list(islice(loader.one_pass(0), 2)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    other = make_resumable(loader_of(StreamWithState()), seed=0)
    other.load_state_dict(loader.state_dict())
    assert list(other.one_pass(0, start=2)) == [[8, 9, 10, 11]]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_stream_whose_place_is_unknown_does_not(
    workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    data = Stream() if workers == 0 else StreamWithState()  # the place is in another process
    loader = make_resumable(loader_of(data, num_workers=workers), seed=0)
    assert len(list(loader.one_pass(0))) == 3
    with pytest.raises(ValueError, match=r"can't go on exactly in the middle .*exact_resume=False"):
        loader.one_pass(1, start=1)
    lax = make_resumable(loader_of(Stream()), seed=0, exact=False)
    assert next(iter(lax.one_pass(1, start=1))) == [0, 1, 2, 3]
    assert "over Stream, which is read as a stream whose place is not known: it begins anew" in (
        caplog.text
    )


def test_a_loader_with_an_iteration_of_its_own_is_a_stream() -> None:
    class Backwards(DataLoader[Any]):
        def __iter__(self) -> Any:
            return iter([[3, 2], [1, 0]])

    loader = make_resumable(Backwards(Numbers(4), batch_size=2), seed=0)
    assert list(loader.one_pass(0)) == [[3, 2], [1, 0]]
    assert list(make_resumable([[1], [2]], seed=0).one_pass(0)) == [[1], [2]]
    with pytest.raises(ValueError, match="over Backwards, which is read as a stream"):
        loader.one_pass(0, start=1)


def test_the_workers_of_each_process_draw_differently() -> None:
    drawn = []
    for rank in (0, 1, 0):
        with as_process(rank, 2):
            loader = make_resumable(loader_of(Numbers(8), num_workers=2), seed=0)
            batches = rows(loader.one_pass(0))
        drawn.append([tuple(noise) for batch in batches for _, *noise in batch])
    first, second, again = drawn
    assert first == again
    assert len({*first, *second}) == 16
