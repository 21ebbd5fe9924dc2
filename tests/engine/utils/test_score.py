"""By how much one value of a metric is better than another."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.utils import improvement

NUMBERS = st.floats(allow_nan=False) | st.integers(-3, 3)
RULES = st.sampled_from(["greater", "less"])


@given(score=NUMBERS, former=NUMBERS)
def test_numbers_are_compared_as_numbers(score: float, former: float) -> None:
    assert (improvement(score, former, "greater") > 0) == (score > former)
    assert (improvement(score, former, "less") > 0) == (score < former)
    assert (improvement(score, former, "less") == 0) == (score == former)


@given(number=NUMBERS, rule=RULES)
def test_a_nan_neither_beats_nor_blocks(number: float, rule: str) -> None:
    for former in (number, math.nan, None):
        assert improvement(math.nan, former, rule) == -math.inf
    for former in (math.nan, None):
        assert improvement(number, former, rule) == math.inf
