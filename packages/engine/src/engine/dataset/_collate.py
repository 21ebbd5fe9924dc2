"""Collate functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.utils.data import default_collate as torch_default_collate

from engine.registry import FUNCTIONS
from engine.registry import FUNCTIONS as COLLATE_FUNCTIONS
from engine.structures import BaseDataElement

__all__ = ["COLLATE_FUNCTIONS", "default_collate", "pseudo_collate"]


@FUNCTIONS.register_module()
def pseudo_collate(data_batch: Sequence[Any]) -> Any:
    """Turn samples into lists of their parts; tensors are not stacked, nothing is converted.

    So `[dict(inputs=a, data_samples=x), dict(inputs=b, data_samples=y)]` becomes
    `dict(inputs=[a, b], data_samples=[x, y])`. Tuples and lists are taken apart in the same way.

    Args:
        data_batch: The samples.

    Raises:
        ValueError: If tuples or lists in the same place differ in length.
    """
    return _collate(data_batch, list)


@FUNCTIONS.register_module()
def default_collate(data_batch: Sequence[Any]) -> Any:
    """Turn samples into batches of their parts; tensors of shape (...) are stacked to (N, ...).

    Numbers and arrays become tensors too. Data elements and strings stay lists.

    Args:
        data_batch: The samples.

    Raises:
        ValueError: If tuples or lists in the same place differ in length.
    """
    return _collate(data_batch, _stack)


def _stack(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], BaseDataElement | str | bytes):
        return list(parts)
    return torch_default_collate(list(parts))


def _collate(parts: Sequence[Any], join: Callable[[Sequence[Any]], Any]) -> Any:
    first = parts[0]
    if isinstance(first, Mapping):
        return type(first)({key: _collate([part[key] for part in parts], join) for key in first})  # type: ignore[call-arg]  # any mapping here is made from a dict
    if isinstance(first, Sequence) and not isinstance(first, str | bytes):
        if any(len(part) != len(first) for part in parts):
            lengths = ", ".join(str(len(part)) for part in parts)
            raise ValueError(f"samples can't be collated: sequences have lengths {lengths}")
        columns = [_collate(column, join) for column in zip(*parts, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    return join(parts)
