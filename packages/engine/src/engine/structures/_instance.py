"""What belongs to the instances of an image: boxes, labels, scores, masks."""

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
    booleans selects instances in all fields.

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
        chosen = item if isinstance(item, slice) else self._as_tensor(item)
        selected = type(self)(metainfo=self.metainfo)
        for name, value in self.items():
            setattr(selected, name, _select(value, chosen))
        return selected

    @classmethod
    def cat(cls, instances_list: Sequence[Self]) -> Self:
        """Put the instances of several elements into one; meta information comes from the first.

        Args:
            instances_list: The elements, which have the same fields.

        Raises:
            ValueError: If there is no element, or their fields differ.
        """
        if not instances_list:
            raise ValueError("there must be at least one element to put together")
        first = instances_list[0]
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

    def _as_tensor(self, item: Any) -> torch.Tensor:
        index = torch.as_tensor(item)
        if index.numel() == 0 and index.dtype != torch.bool:
            index = index.long()  # an empty list has no type
        if index.dim() != 1:
            raise IndexError(f"instances are selected in one dimension, not in {index.dim()}")
        if index.dtype == torch.bool and len(index) != len(self):
            raise IndexError(f"{len(index)} booleans can't select from {len(self)} instances")
        return index


def _select(value: Any, chosen: slice | torch.Tensor) -> Any:
    if isinstance(chosen, slice):
        return value[chosen]
    if isinstance(value, torch.Tensor):
        return value[chosen.to(value.device)]
    if isinstance(value, np.ndarray):
        return value[chosen.cpu().numpy()]
    if isinstance(value, str | list | tuple):
        numbers = chosen.nonzero().flatten() if chosen.dtype == torch.bool else chosen
        entries = [value[number] for number in numbers.tolist()]
        return "".join(entries) if isinstance(value, str) else type(value)(entries)
    return value[chosen]


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
