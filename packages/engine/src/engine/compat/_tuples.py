"""Functions that repeat a value, and keep several values whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.utils import to_ntuple as to_exact_ntuple


def to_ntuple(n: int) -> Callable[[Any], Any]:
    """Return a function that repeats a value to a tuple of `n`, and gives back several values.

    Libraries give three sizes to `to_2tuple`; `engine.utils` takes one value or `n`.

    Args:
        n: How many values.
    """
    repeat = to_exact_ntuple(n)
    return lambda x: x if isinstance(x, Iterable) else repeat(x)


to_1tuple = to_ntuple(1)
to_2tuple = to_ntuple(2)
to_3tuple = to_ntuple(3)
to_4tuple = to_ntuple(4)
