"""Comparison of metric values."""

from __future__ import annotations

import math


def improvement(score: float, former: float | None, rule: str) -> float:
    """Return by how much a score is better than a former one; less than 0 means worse.

    A NaN is no score: it is infinitely worse than any, and any number is infinitely better than a
    former NaN or than none.

    Args:
        score: The new value.
        former: The one to compare with, None if there is none yet.
        rule: Whether `'greater'` or `'less'` is better.
    """
    if math.isnan(score):
        return -math.inf
    if former is None or math.isnan(former):
        return math.inf
    if score == former:  # also where both are infinite
        return 0.0
    return score - former if rule == "greater" else former - score
