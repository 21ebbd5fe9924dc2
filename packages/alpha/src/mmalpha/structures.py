"""Data sample of a classified image."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from engine.structures import BaseDataElement

# Up to so many values a field is pickled as an array. A tensor on its way from a worker of a data
# loader takes a file of shared memory of its own, which costs more than the copy.
_FEW_VALUES = 4096


class DataSample(BaseDataElement):
    """The labels of an image.

    It has up to four fields: `gt_label`, the true class, and `pred_label`, the predicted one, are
    integer tensors of shape `(1,)`; `gt_score` and `pred_score` hold a probability for each class,
    `(C,)`. An image of several classes, or of mixed ones, has a `gt_score` in place of a label.
    """

    def set_gt_label(self, label: int | Tensor) -> Self:
        """Set the true class.

        Args:
            label: The index of the class.
        """
        return self._set_label("gt_label", label)

    def set_pred_label(self, label: int | Tensor) -> Self:
        """Set the predicted class.

        Args:
            label: The index of the class.
        """
        return self._set_label("pred_label", label)

    def set_gt_score(self, score: Tensor) -> Self:
        """Set how far the image is of each class.

        Args:
            score: A tensor `(C,)`, from 0 to 1; zeros and ones where classes are there or not.

        Raises:
            ValueError: If the tensor has another shape.
        """
        return self._set_score("gt_score", score)

    def set_pred_score(self, score: Tensor) -> Self:
        """Set the probabilities of the classes.

        Args:
            score: A tensor `(C,)`.

        Raises:
            ValueError: If the tensor has another shape.
        """
        return self._set_score("pred_score", score)

    def __getstate__(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields for a pickle or a copy, and apart from them those kept as arrays."""
        fields = dict(self.__dict__)
        few = {
            name: fields.pop(name).numpy() for name in self._data_fields if _is_few(fields[name])
        }
        return fields, few

    def __setstate__(self, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Take the fields of a pickle or a copy."""
        fields, few = state
        self.__dict__.update(fields)
        self.__dict__.update({name: torch.from_numpy(value) for name, value in few.items()})

    def _set_score(self, name: str, score: Tensor) -> Self:
        if score.ndim != 1:
            raise ValueError(f"{name} has the shape (C,), not {tuple(score.shape)}")
        self.set_field(score, name, dtype=Tensor)
        return self

    def _set_label(self, name: str, label: int | Tensor) -> Self:
        if type(label) is int:  # as most are, and no check is needed
            setattr(self, name, torch.full((1,), label))
            return self
        value = torch.as_tensor(label).reshape(-1)
        if value.numel() != 1 or value.is_floating_point() or value.dtype == torch.bool:
            raise ValueError(f"{name} is the index of one class; got {label!r}")
        self.set_field(value.long(), name)
        return self


def _is_few(value: Any) -> bool:
    return (
        type(value) is Tensor
        and value.device.type == "cpu"
        and value.dtype in (torch.int64, torch.float32)
        and value.numel() <= _FEW_VALUES
        and not value.requires_grad
    )
