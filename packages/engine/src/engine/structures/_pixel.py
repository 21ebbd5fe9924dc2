"""Data of the pixels of an image: maps of classes, scores, depths."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch

from ._base import BaseDataElement


class PixelData(BaseDataElement):
    """Maps of one height and width: tensors and arrays of shape (C, H, W).

    A map of shape (H, W) becomes one of (1, H, W). Indexing with a pair of numbers or slices, rows
    and columns, cuts a region out of all maps.

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
        """Add or change a field, with a check of its type and size.

        Args:
            value: The value; data is a map of shape (C, H, W) or (H, W).
            name: The name.
            dtype: The type or types that the value must have.
            field_type: `'data'` or `'metainfo'`.

        Raises:
            TypeError: If the value has another type.
            ValueError: If its height or width is not that of the other maps.
            AttributeError: If the name is one of a field of the other kind.
        """
        if field_type == "data":
            value = self._as_map(value, self._field_name(name))
        super().set_field(value, name, dtype, field_type)

    @property
    def shape(self) -> tuple[int, int] | None:
        """The height and width of the maps in pixels; None as long as there is no map."""
        for value in self.values():
            height, width = value.shape[-2:]
            return int(height), int(width)
        return None

    def __getitem__(self, item: tuple[int | slice, int | slice]) -> Self:
        """Cut a region out of all maps."""
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError(f"a region is given by rows and columns, not by {item!r}")
        if self.shape is None:
            raise IndexError("there is no map yet to cut a region out of")
        rows, columns = (_as_slice(each, size) for each, size in zip(item, self.shape, strict=True))
        return self._each(lambda value: value[:, rows, columns])

    def _as_map(self, value: Any, field: str) -> Any:
        if not isinstance(value, torch.Tensor | np.ndarray):
            raise TypeError(
                f"{type(self).__name__}.{field} must be a tensor or an array, "
                f"not a {type(value).__name__}"
            )
        if value.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}.{field} must have the shape (C, H, W) or (H, W), "
                f"got {tuple(value.shape)}"
            )
        others = [name for name in self._data_fields if name != field]
        if others and value.shape[-2:] != getattr(self, others[0]).shape[-2:]:
            raise ValueError(
                f"{type(self).__name__}.{field} has the size {tuple(value.shape[-2:])}, "
                f"but the other maps have {self.shape}"
            )
        return value[None] if value.ndim == 2 else value


def _as_slice(index: int | slice, size: int) -> slice:
    if isinstance(index, slice):
        return index
    position = range(size)[index]  # raises where it is out of range
    return slice(position, position + 1)
