"""Division of a dataset into folds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import BaseDataset, FoldDataset, assign_folds
from engine.logging import get_logger


class Points(BaseDataset):
    """Points with labels in turn; without labels it says nothing about classes."""

    METAINFO = {"classes": ("a", "b", "c")}  # noqa: RUF012

    def __init__(self, labeled: bool = True) -> None:
        self.labeled = labeled
        super().__init__()

    def load_data_list(self) -> list[dict[str, Any]]:
        label = {"gt_label": 0} if self.labeled else {}
        return [{"x": number, **label} for number in range(11)]


samples = st.lists(st.sets(st.integers(0, 4), max_size=3), min_size=6, max_size=60)


@given(samples, st.integers(2, 6), st.integers(0, 5))
def test_folds_are_equal_and_stratified(classes: list[set[int]], folds: int, seed: int) -> None:
    assigned = assign_folds(classes, folds, seed)
    assert assigned == assign_folds(classes, folds, seed)

    def is_even(values: list[int]) -> bool:
        counts = [values.count(fold) for fold in range(folds)]
        return max(counts) - min(counts) <= 1

    assert is_even(assigned)
    total = Counter(each for sample in classes for each in sample)
    rarest = [min(each, key=lambda c: (total[c], c), default=None) for each in classes]
    for one in set(rarest):
        pairs = zip(assigned, rarest, strict=True)
        assert is_even([fold for fold, each in pairs if each == one])


@given(st.integers(2, 11), st.integers(0, 3))
def test_parts_of_a_fold_are_the_whole(folds: int, seed: int) -> None:
    data = Points()
    held_out = []
    for fold in range(folds):
        train, val = (FoldDataset(data, fold, folds, part, seed) for part in ("train", "val"))
        assert sorted(train.indices + val.indices) == list(range(11))
        assert len(train) + len(val) == 11
        assert [info["x"] for info in map(val.get_data_info, range(len(val)))] == val.indices
        held_out += val.indices
    assert sorted(held_out) == list(range(11))
    assert train.metainfo == data.metainfo


def test_a_dataset_without_classes_is_divided_at_random(caplog: pytest.LogCaptureFixture) -> None:
    get_logger().addHandler(caplog.handler)
    assert len(FoldDataset(Points(labeled=False), 0, 2, "val")) in (5, 6)
    assert "Points has no get_cat_ids: its folds are not stratified" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"fold": 3, "folds": 3}, "got fold 3 of 3"),
        ({"fold": -1}, "got fold -1 of 5"),
        ({"fold": 0, "folds": 1}, "at least 2 folds"),
        ({"fold": 0, "part": "test"}, "'train' or 'val'; got 'test'|part"),
        ({"fold": 0, "folds": 12}, "11 samples are too few for 12 folds"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        FoldDataset(Points(), **arguments)
