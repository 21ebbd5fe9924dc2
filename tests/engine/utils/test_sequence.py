"""Lists and tuples."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import utils


class Pair(NamedTuple):
    """Two things."""

    a: Any
    b: Any


def test_what_is_in_a_sequence() -> None:
    assert utils.is_str("a")
    assert not utils.is_str(b"a")
    assert utils.is_seq_of([1, 2.0], (int, float))
    assert utils.is_seq_of((), int)
    assert utils.is_seq_of(("a",), str, tuple)
    assert not utils.is_seq_of(["a"], str, tuple)
    assert not utils.is_seq_of([1, "a"], int)
    assert not utils.is_seq_of({1, 2}, int)
    assert not utils.is_seq_of(None, int)
    assert utils.is_list_of([1], int)
    assert not utils.is_list_of((1,), int)
    assert utils.is_tuple_of((1,), int)
    assert not utils.is_tuple_of([1], int)


def test_conversion() -> None:
    assert utils.list_cast(["1", "2"], int) == [1, 2]
    assert utils.tuple_cast([1, 0], bool) == (True, False)
    assert utils.iter_cast((1, 2), str, return_type=list) == ["1", "2"]
    assert next(utils.iter_cast((1, 2), str)) == "1"


@given(st.lists(st.lists(st.integers(), max_size=4), max_size=6))
def test_cutting_undoes_joining(parts: list[list[int]]) -> None:
    assert utils.slice_list(utils.concat_list(parts), [len(part) for part in parts]) == parts


def test_parts_of_one_length() -> None:
    assert utils.slice_list([1, 2, 3, 4, 5, 6], 2) == [[1, 2], [3, 4], [5, 6]]
    assert utils.slice_list([], 2) == []


@pytest.mark.parametrize("lens", [2, 0, -1, [1, 1], [2, 2], []])
def test_parts_that_are_not_the_whole(lens: Any) -> None:
    with pytest.raises(ValueError, match="don't make up a list of 3"):
        utils.slice_list([1, 2, 3], lens)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_value_is_repeated(n: int) -> None:
    for function in (utils.to_ntuple(n), getattr(utils, f"to_{n}tuple")):
        assert function(7) == (7,) * n
        assert function("same") == ("same",) * n
        assert function(range(n)) == tuple(range(n))
        with pytest.raises(ValueError, match=f"one value or {n} values are expected; got"):
            function([0] * (n + 1))


def test_a_function_reaches_what_is_within() -> None:
    data = OrderedDict(a=[1, ("x", 2)], b=Pair(3, {"c": None}))
    changed = utils.apply_to(data, lambda each: isinstance(each, int), lambda each: each * 10)
    assert changed == OrderedDict(a=[10, ("x", 20)], b=Pair(30, {"c": None}))
    assert type(changed) is OrderedDict
    assert type(changed["b"]) is Pair
    assert data["a"] == [1, ("x", 2)]


def test_json_has_no_numbers_that_are_not_finite() -> None:
    data = {"a": [1.5, float("nan")], "b": (float("inf"), "nan", None, 3)}
    assert utils.without_nan(data) == {"a": [1.5, None], "b": (None, "nan", None, 3)}
