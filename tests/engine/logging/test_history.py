"""The history of one value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.logging import HistoryBuffer

ENTRIES = st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(1, 64)), min_size=1, max_size=30)


class _OnDevice:
    """A number that counts how often it is read."""

    def __init__(self, value: float) -> None:
        self.value, self.reads = value, 0

    def __float__(self) -> float:
        self.reads += 1
        return self.value


@given(ENTRIES, st.integers(1, 40), st.integers(1, 40), st.lists(st.integers(0, 29)))
def test_statistics_are_those_of_numpy(
    entries: list[tuple[float, int]], window: int, max_length: int, read_at: list[int]
) -> None:
    history = HistoryBuffer(max_length=max_length)
    for number, (value, count) in enumerate(entries):
        history.update(value, count)
        if number in read_at:
            assert history.current() == value
    values, counts = (np.array(column) for column in zip(*entries[-max_length:], strict=True))
    assert len(history) == len(values)
    assert np.array_equal(history.data[0], values)
    assert np.array_equal(history.data[1], counts)
    assert history.current() == values[-1]
    for size in (None, window):
        last, weights = (each[-size:] if size else each for each in (values, counts))
        mean = np.average(last, weights=weights)
        assert history.mean(size) == pytest.approx(mean, rel=1e-9, abs=1e-6)
        assert history.max(size) == last.max()
        assert history.min(size) == last.min()


def test_values_stay_on_their_device_until_somebody_reads() -> None:
    history = HistoryBuffer()
    values = [_OnDevice(1.0), _OnDevice(2.0), _OnDevice(6.0)]
    for value in values:
        history.update(value)
    assert [value.reads for value in values] == [0, 0, 0]
    assert history.mean() == 3.0
    assert history.current() == 6.0
    assert history.last(2) == [2.0, 6.0]
    assert [value.reads for value in values] == [1, 1, 1]


def test_an_empty_history_says_so() -> None:
    with pytest.raises(ValueError, match="the history is empty"):
        HistoryBuffer().mean()
    assert [part.tolist() for part in HistoryBuffer().data] == [[], []]


@pytest.mark.parametrize("name", ["mean", "max", "min"])
def test_a_window_has_a_value(name: str) -> None:
    with pytest.raises(ValueError, match="window_size is at least 1; got 0"):
        HistoryBuffer([1.0], [1]).statistics(name, 0)


def test_beginning_with_values() -> None:
    history = HistoryBuffer([1.0, 4.0], [1, 2])
    assert history.mean() == 3.0
    with pytest.raises(ValueError, match="log_history has 2 values, count_history 1"):
        HistoryBuffer([1.0, 4.0], [1])


@pytest.fixture
def median() -> Iterator[str]:
    def median_for_test(history: HistoryBuffer, window: int) -> float:
        return float(np.median(history.data[0][-window:]))

    HistoryBuffer.register_statistics(median_for_test)
    yield "median_for_test"
    del HistoryBuffer._statistics_methods["median_for_test"]


def test_statistics_by_name(median: str) -> None:
    history = HistoryBuffer([9.0, 1.0, 2.0, 3.0], [1] * 4)
    assert history.statistics("max", 2) == 3.0
    assert history.statistics(median, window=3) == 2.0
    with pytest.raises(KeyError, match=r"no statistic is called 'mode'; there are .*max, mean"):
        history.statistics("mode")


def test_what_was_read_is_the_reader_s_own() -> None:
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    values, counts = history.data
    values[:] = 0
    counts[:] = 7
    history.update(3.0)
    assert values.tolist() == [0, 0]
    assert [part.tolist() for part in history.data] == [[1, 2, 3], [1, 1, 1]]
    assert history.mean() == 2
    torch.from_numpy(history.data[0])  # warns of arrays that can't be written to
