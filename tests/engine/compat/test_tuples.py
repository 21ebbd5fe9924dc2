"""Functions that repeat a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compat import _tuples, find_place


@given(st.integers(1, 4), st.lists(st.integers()) | st.integers())
def test_several_values_are_given_back_whatever_their_number(n: int, x: Any) -> None:
    expected = x if isinstance(x, list) else (x,) * n
    assert _tuples.to_ntuple(n)(x) == expected
    assert getattr(_tuples, f"to_{n}tuple")(x) == expected


@pytest.mark.parametrize("name", ["to_1tuple", "to_2tuple", "to_3tuple", "to_4tuple", "to_ntuple"])
def test_they_are_those_of_the_layer(name: str) -> None:
    assert find_place("utils", name) == f"engine.compat._tuples:{name}"
