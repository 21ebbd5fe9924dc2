"""Labels of an image."""

from __future__ import annotations

import torch

from ._base import BaseDataElement, check_type


class LabelData(BaseDataElement):
    """Labels or scores of a whole sample.

    Args:
        metainfo: The meta information.
        kwargs: The data.
    """

    @staticmethod
    def onehot_to_label(onehot: torch.Tensor) -> torch.Tensor:
        """Turn a vector of zeros and ones into the numbers of the ones.

        Args:
            onehot: The vector, of shape (C,).

        Returns:
            The numbers, of shape (K,).

        Raises:
            TypeError: If it is no tensor.
            ValueError: If it is no such vector.
        """
        check_type("onehot", onehot, torch.Tensor)
        if onehot.dim() != 1 or not bool(((onehot == 0) | (onehot == 1)).all()):
            raise ValueError(
                f"a one-hot vector has one dimension and holds zeros and ones, got {onehot}"
            )
        return onehot.nonzero().flatten()

    @staticmethod
    def label_to_onehot(label: torch.Tensor, num_classes: int) -> torch.Tensor:
        """Turn numbers of classes into a vector of zeros and ones.

        Args:
            label: The numbers, of shape (K,).
            num_classes: The number of classes, C.

        Returns:
            The vector, of shape (C,) and the type of `label`.

        Raises:
            TypeError: If `label` is no tensor.
            ValueError: If a number is out of range.
        """
        check_type("label", label, torch.Tensor)
        if label.numel() and not 0 <= int(label.min()) <= int(label.max()) < num_classes:
            raise ValueError(f"labels must be from 0 to {num_classes - 1}, got {label.tolist()}")
        return label.new_zeros(num_classes).scatter_(0, label.long(), 1)
