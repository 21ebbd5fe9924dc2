"""Datasets that are made of others."""

from __future__ import annotations

import copy
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import Subset

from engine.dataset import (
    COLLATE_FUNCTIONS,
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
    origin_of,
)
from engine.registry import DATASETS, FUNCTIONS


class Numbers(BaseDataset):
    """Samples whose labels are given."""

    def __init__(
        self, labels: list[Any], name: str = "n", palette: Any = None, **kwargs: Any
    ) -> None:
        self.labels = labels
        metainfo = dict(name=name, classes=("a", "b"), palette=palette)
        super().__init__(metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        return [{"gt_label": label, "number": n} for n, label in enumerate(self.labels)]


LISTS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(st.lists(LISTS, min_size=1, max_size=4), st.data())
def test_one_after_the_other(parts: list[list[int]], data: st.DataObject) -> None:
    joined = ConcatDataset([Numbers(part) for part in parts])
    everything = [label for part in parts for label in part]
    assert len(joined) == len(everything)
    assert [joined[index]["gt_label"] for index in range(len(joined))] == everything
    index = data.draw(st.integers(-len(everything), len(everything) - 1))
    assert joined.get_data_info(index)["gt_label"] == everything[index]
    assert joined.get_cat_ids(index) == [everything[index]]
    with pytest.raises(IndexError):
        joined[len(everything)]


@given(LISTS, st.integers(1, 4))
def test_several_times(labels: list[int], times: int) -> None:
    repeated = RepeatDataset(Numbers(labels), times)
    assert [repeated[index]["gt_label"] for index in range(len(repeated))] == labels * times


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), min_size=1), st.floats(0, 1))
def test_rare_classes_are_repeated(labels: list[list[int]], threshold: float) -> None:
    balanced = ClassBalancedDataset(Numbers(labels), threshold)
    share = {
        each: sum(each in sample for sample in labels) / len(labels)
        for sample in labels
        for each in sample
    }
    times = Counter(balanced.repeat_indices)
    assert balanced.repeat_indices == sorted(balanced.repeat_indices)
    for index, sample in enumerate(labels):
        need = max([1.0, *(math.sqrt(threshold / share[each]) for each in sample)])
        assert math.ceil(need - 1e-9) <= times[index] <= math.ceil(need + 1e-9)
    assert balanced[len(balanced) - 1]["number"] == balanced.repeat_indices[-1]


def test_annotations_are_read_when_they_are_needed(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    parts = [BaseDataset(str(file), data_prefix={}, lazy_init=True) for _ in range(2)]
    lazy = RepeatDataset(ConcatDataset(parts, lazy_init=True), 2, lazy_init=True)
    file.write_text(json.dumps({"metainfo": {"classes": ["x"]}, "data_list": [{"k": 1}]}))
    assert lazy.metainfo == {}
    assert len(lazy) == 4
    assert lazy.metainfo == {"classes": ["x"]}


def test_a_config_builds_them() -> None:
    DATASETS.register_module("WrappedNumbers", force=True, module=Numbers)
    built: Any = DATASETS.build(
        dict(
            type="RepeatDataset",
            times=2,
            dataset=dict(
                type="ConcatDataset",
                datasets=[dict(type="WrappedNumbers", labels=[each]) for each in (1, 2)],
            ),
        )
    )
    assert [built[index]["gt_label"] for index in range(4)] == [1, 2, 1, 2]
    assert built.dataset.datasets[1].labels == [2]


def test_metainfo_must_agree() -> None:
    parts = [Numbers([1], name="x"), Numbers([2], name="y")]
    with pytest.raises(
        ValueError, match="dataset 1 of ConcatDataset differs from that of the first in name: name"
    ):
        ConcatDataset(parts)
    assert ConcatDataset(parts, ignore_keys="name").metainfo["name"] == "x"
    assert len(ConcatDataset(parts, ignore_keys=["name"])) == 2


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(width=16), st.text(max_size=3)
)
ARRAYS = st.lists(st.floats(width=16), max_size=4).map(np.array)
METAINFO = st.recursive(
    st.one_of(SCALARS, ARRAYS, ARRAYS.map(torch.from_numpy)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def rewritten(value: Any) -> Any:
    """Return a copy with tuples in place of lists."""
    if isinstance(value, list):
        return tuple(rewritten(each) for each in value)
    if isinstance(value, dict):
        return {key: rewritten(each) for key, each in value.items()}
    return copy.deepcopy(value)


def changed(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, (np.ndarray, Tensor)):
        return value[:-1] if len(value) else type(value)(1)
    if isinstance(value, list):
        return [changed(value[0]), *value[1:]] if value else [0]
    if isinstance(value, dict):
        return {**value, "more": 1}
    return "another" if value is None else f"{value}?"


@given(METAINFO)
def test_metainfo_of_any_kind_is_compared(value: Any) -> None:
    first, same = (Numbers([1], palette=each) for each in (value, rewritten(value)))
    assert len(ConcatDataset([first, same])) == 2
    with pytest.raises(ValueError, match="differs from that of the first in palette: palette is"):
        ConcatDataset([first, same, Numbers([1], palette=changed(value))])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((0, 3)), np.zeros((0, 4))),
        (np.zeros((2, 2)), np.array([[0, 0], [0, 1]])),
        ([np.zeros(2), 1], [np.zeros(2), 2]),
        ({"a": torch.zeros(2)}, {"b": torch.zeros(2)}),
        ([[1, 2], [3]], [[1, 2], (3, 4)]),
        (np.zeros(2), "zeros"),
    ],
)
def test_metainfo_that_differs_in_depth(one: Any, other: Any) -> None:
    with pytest.raises(ValueError, match="differs from that of the first in palette"):
        ConcatDataset([Numbers([1], palette=one), Numbers([1], palette=other)])


def test_wrong_calls_are_told() -> None:
    with pytest.raises(NotImplementedError, match="RepeatDataset has no subsets: take them of the"):
        RepeatDataset(Numbers([1]), 1).get_subset(1)
    with pytest.raises(ValueError, match="datasets of ConcatDataset has at least one dataset"):
        ConcatDataset([])
    with pytest.raises(ValueError, match="times of RepeatDataset is at least 1; got 0"):
        RepeatDataset(Numbers([1]), 0)
    with pytest.raises(ValueError, match="oversample_thr of ClassBalancedDataset is 0 to 1; got 2"):
        ClassBalancedDataset(Numbers([1]), 2)


def test_functions_of_batches_have_two_names() -> None:
    assert COLLATE_FUNCTIONS is FUNCTIONS


def test_a_wrapper_may_set_up_its_datasets_itself() -> None:
    class Mixed(ConcatDataset):
        """Takes datasets whose metainfo differs, and does not call the constructor of its base."""

        def __init__(self, datasets: list[BaseDataset]) -> None:
            self.datasets = datasets
            self._metainfo = {"names": [each.metainfo["name"] for each in datasets]}

    mixed = Mixed([Numbers([1, 2], "a"), Numbers([3], "b", lazy_init=True)])
    assert len(mixed) == 3
    assert [mixed[index]["gt_label"] for index in range(3)] == [1, 2, 3]
    assert mixed.cumulative_sizes == [2, 3]
    assert mixed.metainfo == {"names": ["a", "b"]}


@given(LISTS, st.integers(1, 3), st.data())
def test_a_sample_is_found_in_the_dataset_that_it_is_of(
    labels: list[int], times: int, data: st.DataObject
) -> None:
    first, second = Numbers([9]), Numbers(labels)
    joined = ConcatDataset([first, RepeatDataset(second, times)], lazy_init=True)
    chosen = data.draw(st.lists(st.integers(0, times * len(labels)), min_size=1))
    subset = Subset(joined, chosen)
    for index, place in enumerate(chosen):
        dataset, number = origin_of(subset, index)
        assert dataset is (second if place else first)
        assert dataset[number] == joined[place] | {"sample_idx": number}
