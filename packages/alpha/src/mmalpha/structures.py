"""What is known about an image: its class, and what a model says of it."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from engine.structures import BaseDataElement


class DataSample(BaseDataElement):
    """The labels of an image.

    It has up to three fields: `gt_label`, the true class, and `pred_label`, the predicted one, are
    integer tensors of shape `(1,)`; `pred_score` holds a probability for each class, `(C,)`.
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

    def set_pred_score(self, score: Tensor) -> Self:
        """Set the probabilities of the classes.

        Args:
            score: A tensor `(C,)`.

        Raises:
            ValueError: If the tensor has another shape.
        """
        if score.ndim != 1:
            raise ValueError(f"pred_score has the shape (C,), not {tuple(score.shape)}")
        self.set_field(score, "pred_score", dtype=Tensor)
        return self

    def _set_label(self, name: str, label: int | Tensor) -> Self:
        value = torch.as_tensor(label).reshape(-1)
        if value.numel() != 1 or value.is_floating_point() or value.dtype == torch.bool:
            raise ValueError(f"{name} is the index of one class; got {label!r}")
        self.set_field(value.long(), name)
        return self
