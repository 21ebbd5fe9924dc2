"""Equality of nested values, arrays and tensors included."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from typing import Any


def same_value(one: Any, other: Any) -> bool:
    """Return whether two values say the same.

    Arrays and tensors count by their shape and items, a NaN equals another, and a tuple equals a
    list of the same items, all of it at any depth of lists and mappings.

    Args:
        one: A value.
        other: Another one.
    """
    if one is other:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if _is_array(one) and _is_array(other) and tuple(one.shape) != tuple(other.shape):
        return False
    one, other = (each.tolist() if _is_array(each) else each for each in (one, other))
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_value, one, other))
    try:
        return bool(one == other) or bool(one != one and other != other)
    except (TypeError, ValueError, RuntimeError):  # there is no single answer
        return False


def _is_array(value: Any) -> bool:
    """Return whether a value is an array of numpy, a tensor, or alike; neither is imported here."""
    return hasattr(value, "shape") and hasattr(value, "tolist")
