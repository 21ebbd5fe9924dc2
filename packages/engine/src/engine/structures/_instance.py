"""Data of the instances of an image: boxes, labels, scores, masks."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from ._base import BaseDataElement

Index = str | int | slice | list[int] | list[bool] | npt.NDArray[Any] | torch.Tensor


class InstanceData(BaseDataElement):
    """Fields with one entry per instance: tensors and arrays of shape (N, ...), lists of length N.

    Indexing with a number, a slice, a list, or a one-dimensional array or tensor of numbers or of
    booleans selects instances in all fields; a name reads or sets the field of that name. A field
    may be of any class that has a length, can be cut by slices, and has a function `cat` that puts
    a list of its objects into one.

    Args:
        metainfo: The meta information.
        kwargs: The data.
    """

    def set_field(
        self,
        value: Any,
        name: str,
        dtype: type | tuple[type, ...] | None = None,
        field_type: str = "data",
    ) -> None:
        """Add or change a field, with a check of its type and length.

        Args:
            value: The value; data has a length, the number of instances.
            name: The name.
            dtype: The type or types that the value must have.
            field_type: `'data'` or `'metainfo'`.

        Raises:
            TypeError: If the value has another type, or no length.
            ValueError: If its length is not that of the other data.
            AttributeError: If the name is one of a field of the other kind.
        """
        if field_type == "data":
            self._check_length(value, self._field_name(name))
        super().set_field(value, name, dtype, field_type)

    def __len__(self) -> int:
        """Return the number of instances."""
        return len(getattr(self, next(iter(self._data_fields)))) if self._data_fields else 0

    def __getitem__(self, item: Index) -> Any:
        """Return the field of a name, or the selected instances."""
        if isinstance(item, str):
            return getattr(self, item)
        if isinstance(item, int):
            position = range(len(self))[item]  # raises where it is out of range
            item = slice(position, position + 1)
        if isinstance(item, slice):
            return self._each(lambda value: value[item])
        index = self._as_index(item)
        return self._each(lambda value: _select(value, index))

    def __setitem__(self, name: str, value: Any) -> None:
        """Set the field of a name."""
        setattr(self, name, value)

    @classmethod
    def cat(cls, instances_list: Sequence[Self]) -> Self:
        """Put the instances of several elements into one; meta information comes from the first.

        Args:
            instances_list: The elements, which have the same fields.

        Raises:
            TypeError: If one is no element.
            ValueError: If there is no element, or their fields differ.
        """
        if not instances_list:
            raise ValueError("there must be at least one element to put together")
        first = instances_list[0]
        for each in instances_list:
            if not isinstance(each, InstanceData):
                raise TypeError(f"elements are InstanceData; got a {type(each).__name__}")
        for other in instances_list[1:]:
            if set(other.keys()) != set(first.keys()):
                raise ValueError(
                    "elements with different fields can't be put together: "
                    f"{', '.join(first.keys())} and {', '.join(other.keys())}"
                )
        joined = type(first)(metainfo=first.metainfo)
        for name in first._data_fields:
            setattr(joined, name, _join([getattr(each, name) for each in instances_list]))
        return joined

    def _check_length(self, value: Any, field: str) -> None:
        if not isinstance(value, Sized):
            raise TypeError(
                f"{type(self).__name__}.{field} must have one entry per instance; "
                f"a {type(value).__name__} has no length"
            )
        others = [name for name in self._data_fields if name != field]
        if others and len(value) != (expected := len(getattr(self, others[0]))):
            raise ValueError(
                f"{type(self).__name__}.{field} has {len(value)} entries, "
                f"but there are {expected} instances"
            )

    def _as_index(self, item: Any) -> torch.Tensor:
        """Return the numbers of the chosen instances, of shape (K,)."""
        if item is None or isinstance(item, float):
            raise TypeError(f"instances are selected by whole numbers or booleans, not by {item!r}")
        index = torch.as_tensor(item)
        if index.dtype == torch.bool:
            if index.shape != (len(self),):
                raise ValueError(
                    f"{index.numel()} booleans can't select from {len(self)} instances"
                )
            return index.nonzero().flatten()
        if index.dim() > 1:
            raise ValueError(f"instances are selected in one dimension, not in {index.dim()}")
        if index.is_floating_point() and index.numel():  # an empty list is one of floats
            raise TypeError(f"instances are selected by whole numbers, not by {index.dtype}")
        return index.long().reshape(-1)


def _select(value: Any, index: torch.Tensor) -> Any:
    if isinstance(value, torch.Tensor):
        return value[index.to(value.device)]
    if isinstance(value, InstanceData):
        return value[index]
    if isinstance(value, np.ndarray):
        return value[index.cpu().numpy()]
    # Slices are all that other classes must know; a range raises where a number is out of it.
    positions = [range(len(value))[number] for number in index.tolist()]
    return _join([value[n : n + 1] for n in positions]) if positions else value[:0]


def _join(values: list[Any]) -> Any:
    first = values[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(values)
    if isinstance(first, np.ndarray):
        return np.concatenate(values)
    if isinstance(first, str):
        return "".join(values)
    if isinstance(first, list | tuple):
        return type(first)(chain.from_iterable(values))
    if hasattr(first, "cat"):
        return type(first).cat(values)
    raise TypeError(f"values of type {type(first).__name__} can't be put together")
