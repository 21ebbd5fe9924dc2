"""Fields with one entry per instance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.structures import InstanceData


def make(size: int, start: int = 0) -> InstanceData:
    """Instances whose every field holds their numbers."""
    numbers = range(start, start + size)
    return InstanceData(
        metainfo={"img_id": start},
        boxes=torch.tensor([[n] * 4 for n in numbers]).reshape(size, 4),
        scores=np.array(list(numbers), dtype=float),
        names=[str(n) for n in numbers],
        pairs=tuple((n, n) for n in numbers),
        letters="".join(chr(97 + n) for n in numbers),
    )


def numbers_of(instances: InstanceData) -> list[int]:
    """The numbers of the instances, which all fields must agree on."""
    numbers = instances.boxes[:, 0].tolist()
    assert numbers == instances.scores.tolist()
    assert numbers == [int(name) for name in instances.names]
    assert numbers == [pair[0] for pair in instances.pairs]
    assert numbers == [ord(letter) - 97 for letter in instances.letters]
    assert len(instances) == len(numbers)
    return [int(number) for number in numbers]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (1, [1]),
        (-1, [4]),
        (slice(1, 4, 2), [1, 3]),
        ([3, 0], [3, 0]),
        ([], []),
        ([True, False, False, False, True], [0, 4]),
        (np.array([2, 2]), [2, 2]),
        (np.array([False, True, False, False, True]), [1, 4]),
        (torch.tensor([4, -5]), [4, 0]),
        (torch.tensor([False, True, True, False, False]), [1, 2]),
        (torch.tensor(3), [3]),
        (np.int64(-2), [3]),
        (torch.tensor([1, 0, 1], dtype=torch.uint8), [1, 0, 1]),
    ],
    ids=str,
)
def test_indexing_selects_in_all_fields(item: Any, expected: list[int]) -> None:
    selected = make(5)[item]
    assert isinstance(selected, InstanceData)
    assert numbers_of(selected) == expected
    assert selected.img_id == 0


def test_a_name_gives_and_sets_the_field() -> None:
    instances = make(2)
    assert instances["names"] == ["0", "1"]
    instances["names"] = ["2", "3"]
    assert instances.names == ["2", "3"]


@pytest.mark.parametrize(
    ("item", "error", "message"),
    [
        (5, IndexError, "out of range"),
        ([5], IndexError, "out of"),
        ([-6], IndexError, "out of"),
        (torch.tensor([True]), ValueError, "1 booleans can't select from 5 instances"),
        (torch.zeros(1, 1, dtype=torch.long), ValueError, "in one dimension, not in 2"),
        (torch.tensor([1.0]), TypeError, "by whole numbers, not by torch.float32"),
        (1.5, TypeError, "by whole numbers or booleans, not by 1.5"),
        (None, TypeError, "by whole numbers or booleans, not by None"),
    ],
)
def test_a_bad_index_is_an_error(item: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(5)[item]


def test_what_is_no_element_is_an_error() -> None:
    with pytest.raises(TypeError, match="elements are InstanceData; got a int"):
        InstanceData.cat([make(1), 3])  # type: ignore[list-item]  # the mistake


@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_cat_undoes_cutting(sizes: list[int]) -> None:
    whole = make(sum(sizes))
    ends = np.cumsum(sizes).tolist()
    parts = [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    joined = InstanceData.cat(parts)
    assert numbers_of(joined) == list(range(sum(sizes)))
    assert joined.img_id == 0
    assert [type(value) for value in joined.values()] == [type(value) for value in whole.values()]


def test_cat_of_elements_inside() -> None:
    joined = InstanceData.cat([InstanceData(inner=make(2)), InstanceData(inner=make(1, start=2))])
    assert numbers_of(joined.inner) == [0, 1, 2]


def test_cat_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="at least one element"):
        InstanceData.cat([])
    with pytest.raises(ValueError, match=r"different fields .* boxes and labels"):
        InstanceData.cat([InstanceData(boxes=[1]), InstanceData(labels=[1])])
    with pytest.raises(TypeError, match="values of type dict"):
        InstanceData.cat([InstanceData(a={1: 2}), InstanceData(a={1: 2})])


@pytest.mark.parametrize("field", [[1, 2], (1, 2), "ab", torch.zeros(2), np.zeros(2)], ids=repr)
@pytest.mark.parametrize("number", [2, -3])
def test_each_field_knows_its_range(field: Any, number: int) -> None:
    with pytest.raises(IndexError, match="out of"):
        InstanceData(field=field)[[number]]


def test_lengths_must_agree() -> None:
    instances = make(3)
    with pytest.raises(ValueError, match=r"InstanceData\.ids has 2 entries, but there are 3"):
        instances.ids = torch.zeros(2)
    with pytest.raises(TypeError, match="a int has no length"):
        instances.ids = 3
    assert "ids" not in instances

    alone = InstanceData(ids=[1, 2])
    alone.ids = [1]
    assert len(alone) == 1
    assert len(InstanceData(metainfo={"img_id": 1})) == 0
