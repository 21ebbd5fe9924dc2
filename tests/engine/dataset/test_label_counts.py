"""Counts of labels, over all samples or some of them."""

from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import LabelCounts, count_labels, datasets_within, spread


@given(st.integers(0, 500), st.integers(1, 500))
def test_samples_are_spread_over_the_dataset(total: int, most: int) -> None:
    chosen = spread(total, most)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(total, most)
    assert all(0 <= index < total for index in chosen)
    gaps = {after - before for before, after in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    assert spread(total) == list(range(total))


@given(st.lists(st.dictionaries(st.integers(0, 5), st.integers(1, 9)), max_size=20), st.data())
def test_counts_are_sums(samples: list[dict[int, int]], data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, 19)))

    def labels_of(index: int) -> dict[int, int]:
        if index in bad:
            raise ValueError(f"{index} is bad")
        return samples[index]

    found = count_labels(labels_of, len(samples))
    good = [each for index, each in enumerate(samples) if index not in bad]
    assert found.counts == {
        label: sum(each.get(label, 0) for each in good) for label in {k for e in good for k in e}
    }
    assert len(found.faults) == len(bad & set(range(len(samples))))
    assert LabelCounts.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_some_samples_stand_for_all() -> None:
    found = count_labels(lambda index: {index: 1}, 100, most=4)
    assert found == LabelCounts(100, 4, {0: 1, 25: 1, 50: 1, 75: 1}, [])


def test_datasets_are_found_within_others() -> None:
    first, second = object(), object()
    joined = SimpleNamespace(datasets=[first, SimpleNamespace(dataset=second)])
    assert [*datasets_within(SimpleNamespace(dataset=joined))] == [first, second]
    assert [*datasets_within(first)] == [first]
