"""Numbers that an argument can't have, by what its name says that it is."""

from __future__ import annotations

import inspect
import re
from typing import Any

from ._signature import Argument

_COUNT = re.compile(r"num_\w+|(\w+_)?channels|batch_size|max_epochs|max_iters|embed_dims?|depth")
_RATE = re.compile(r"lr|base_lr|min_lr|max_lr|eta_min|weight_decay|eps")
_PART = re.compile(r"prob|(\w+_)?prob(ability)?|drop(out|_rate|_path_rate)?|label_smoothing")
_NUMERAL = re.compile(r"[+-]?\.?\d")


def find_number_error(value: Any, argument: Argument) -> str | None:
    """Return what is wrong with a number, or with a text in its place; None if nothing is known.

    Arguments called `num_classes`, `lr`, `dropout` and the like have a range, unless the default is
    outside of it. -1 may stand for all of what there is a number of.

    Args:
        value: The value of the argument.
        argument: The argument.
    """
    default = argument.default
    if isinstance(value, str):
        is_number = _is_number(default) and argument.allowed is None
        if is_number and _NUMERAL.match(value):
            return f"must be a number, as its default {default!r}"
        return None
    if not _is_number(value):
        return None
    for names, (low, high), what in (
        (_COUNT, (0, None), "a number from 0 on"),
        (_RATE, (0, None), "at least 0"),
        (_PART, (0, 1), "from 0 to 1"),
    ):
        if names.fullmatch(argument.name) and not _is_within(value, low, high):
            is_all = value == -1 and argument.name.startswith("num_") and not _is_classes(argument)
            is_usual = _is_number(default) and not _is_within(default, low, high)
            return None if is_all or is_usual else f"must be {what}"
    return None


def _is_classes(argument: Argument) -> bool:
    return argument.name == "num_classes"


def _is_number(value: Any) -> bool:
    is_given = value is not inspect.Parameter.empty
    return is_given and isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_within(value: float, low: float, high: float | None) -> bool:
    return low <= value and (high is None or value <= high)
