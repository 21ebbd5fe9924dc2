"""Whether two values say the same, whether values are plain, and copies of them."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.utils import is_plain, mutable_copy, same_value

NAN = float("nan")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
PLAIN = st.recursive(
    SCALARS,
    lambda within: (
        st.lists(within)
        | st.lists(within).map(tuple)
        | st.dictionaries(st.integers() | st.text(), within)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAN, float("nan")),
        ([1, (2, NAN)], (1, [2, NAN])),
        (np.array([1.0, NAN]), np.array([1.0, NAN])),
        (np.array([1, 2]), torch.tensor([1, 2])),
        ({"a": [np.eye(2)], "b": None}, {"b": None, "a": (np.eye(2),)}),
        (np.float64(0.5), 0.5),
        (torch.tensor(3), 3),
        (np.array(["a"], dtype=object), np.array(["a"])),
    ],
)
def test_they_do(one: Any, other: Any) -> None:
    assert same_value(one, other)
    assert same_value(other, one)


class _NoAnswer:
    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAN, 0.0),
        ([1, 2], [1, 2, 3]),
        (np.zeros((1, 2)), np.zeros((2, 1))),
        (torch.zeros(2), torch.ones(2)),
        ({"a": 1}, {"a": 1, "b": None}),
        ([np.zeros(2)], [np.ones(2)]),
        ("ab", ["a", "b"]),
        (_NoAnswer(), _NoAnswer()),
    ],
)
def test_they_do_not(one: Any, other: Any) -> None:
    assert not same_value(one, other)
    assert not same_value(other, one)


@given(st.lists(PLAIN), st.integers(0, 10))
def test_plain_values(values: list[Any], depth: int) -> None:
    assert is_plain(values)
    other: Any = OrderedDict()
    for _ in range(depth):
        other = [{"a": (other, *values)}]
    assert not is_plain([*values, other])


def test_what_is_endless_or_very_deep_is_not_plain() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: list[Any] = []
    for _ in range(1_000):
        deep = [deep]
    assert not is_plain([endless])
    assert not is_plain([deep])
    assert is_plain(deep[0])


def test_a_copy_that_can_be_changed() -> None:
    given = {"a": [1]}
    for copy in (mutable_copy(given), mutable_copy(MappingProxyType(given))):
        assert (copy, type(copy)) == (given, dict)
        assert copy["a"] is given["a"]
        copy["b"] = 2
    assert given == {"a": [1]}
    assert type(mutable_copy(OrderedDict(given))) is OrderedDict
