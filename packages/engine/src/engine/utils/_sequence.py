"""Checks and operations on sequences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any, TypeVar

from ._check_types import check_types

T = TypeVar("T")


def is_str(x: object) -> bool:
    """Return whether this is a string."""
    return isinstance(x, str)


def is_seq_of(
    seq: Any, expected_type: type | tuple[type, ...], seq_type: type | None = None
) -> bool:
    """Return whether this is a sequence of things of a type.

    Args:
        seq: What may be one.
        expected_type: The type of what is in it, or several.
        seq_type: The type of the sequence; None means any.
    """
    kind: Any = seq_type or Sequence
    return isinstance(seq, kind) and all(isinstance(item, expected_type) for item in seq)


def is_list_of(seq: Any, expected_type: type | tuple[type, ...]) -> bool:
    """Return whether this is a list of things of a type, or of one of several types."""
    return is_seq_of(seq, expected_type, list)


def is_tuple_of(seq: Any, expected_type: type | tuple[type, ...]) -> bool:
    """Return whether this is a tuple of things of a type, or of one of several types."""
    return is_seq_of(seq, expected_type, tuple)


@check_types
def iter_cast(
    inputs: Iterable[Any],
    dst_type: Callable[[Any], T],
    return_type: Callable[[Iterable[T]], Any] | None = None,
) -> Any:
    """Convert all that is in an iterable.

    Args:
        inputs: The iterable.
        dst_type: Converts one thing, such as `int`.
        return_type: Makes the result, such as `list`; None leaves it an iterator.
    """
    converted = map(dst_type, inputs)
    return converted if return_type is None else return_type(converted)


@check_types
def list_cast(inputs: Iterable[Any], dst_type: Callable[[Any], T]) -> list[T]:
    """Convert all that is in an iterable, and make a list of it."""
    return list(map(dst_type, inputs))


@check_types
def tuple_cast(inputs: Iterable[Any], dst_type: Callable[[Any], T]) -> tuple[T, ...]:
    """Convert all that is in an iterable, and make a tuple of it."""
    return tuple(map(dst_type, inputs))


@check_types
def slice_list(in_list: Sequence[T], lens: int | Sequence[int]) -> list[Sequence[T]]:
    """Cut a list into parts.

    Args:
        in_list: The list.
        lens: The length of each part, or one length for all.

    Raises:
        ValueError: If the lengths don't make up the list.
    """
    size = len(in_list)
    lengths = [lens] * (size // lens if lens > 0 else 0) if isinstance(lens, int) else lens
    if sum(lengths) != size:
        raise ValueError(f"parts of {lens} don't make up a list of {size}")
    starts = [sum(lengths[:part]) for part in range(len(lengths))]
    return [in_list[start : start + n] for start, n in zip(starts, lengths, strict=True)]


@check_types
def concat_list(in_list: Iterable[Iterable[T]]) -> list[T]:
    """Make one list of several."""
    return list(chain.from_iterable(in_list))


@check_types
def to_ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that repeats a value to a tuple of `n`, and lets `n` values be.

    Args:
        n: How many values.
    """

    def to_tuple(x: Any) -> tuple[Any, ...]:
        if not isinstance(x, Iterable) or isinstance(x, str):
            return tuple(repeat(x, n))
        values = tuple(x)
        if len(values) != n:
            raise ValueError(f"one value or {n} values are expected; got {x!r}")
        return values

    to_tuple.__doc__ = f"Repeat a value to a tuple of {n}, and let {n} values be."
    return to_tuple


to_1tuple: Callable[[Any], tuple[Any, ...]] = to_ntuple(1)
to_2tuple: Callable[[Any], tuple[Any, ...]] = to_ntuple(2)
to_3tuple: Callable[[Any], tuple[Any, ...]] = to_ntuple(3)
to_4tuple: Callable[[Any], tuple[Any, ...]] = to_ntuple(4)


def apply_to(data: Any, expr: Callable[[Any], bool], apply_func: Callable[[Any], Any]) -> Any:
    """Apply a function to what is within lists, tuples and dictionaries.

    Args:
        data: The data; what is changed is a copy.
        expr: Returns whether the function applies to a thing.
        apply_func: The function.
    """
    if isinstance(data, dict):
        return type(data)((key, apply_to(value, expr, apply_func)) for key, value in data.items())
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(apply_to(item, expr, apply_func) for item in data))
    if isinstance(data, list | tuple):
        return type(data)(apply_to(item, expr, apply_func) for item in data)
    return apply_func(data) if expr(data) else data


def without_nan(data: Any) -> Any:
    """Return data for JSON, with None for numbers that are not finite.

    Args:
        data: Lists, tuples and dictionaries, at any depth.
    """
    return apply_to(
        data, lambda each: isinstance(each, float) and not math.isfinite(each), lambda _: None
    )
