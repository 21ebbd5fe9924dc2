"""Losses of segmentation."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from engine.model import BaseModule
from mmbeta.registry import MODELS


@MODELS.register_module()
class CrossEntropyLoss(BaseModule):
    """The cross entropy of each pixel, as a mean.

    Args:
        ignore_index: The label of pixels that don't count.
    """

    def __init__(self, ignore_index: int = 255) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits: Scores `(N, num_classes, H, W)`.
            target: Labels `(N, H, W)` of int64.

        Returns:
            A scalar; 0 if no pixel counts.
        """
        total = functional.cross_entropy(
            logits, target, ignore_index=self.ignore_index, reduction="sum"
        )
        return total / (target != self.ignore_index).sum().clamp(min=1)
