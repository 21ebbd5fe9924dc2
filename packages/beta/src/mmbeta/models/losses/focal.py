"""The focal loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from mmbeta.registry import MODELS

from .base import Reduction, SegLoss, as_weights, checked_reduction, per

_LEAST = 1e-12  # a power below 1 has no slope at 0


@MODELS.register_module()
class FocalLoss(SegLoss):
    """The cross entropy of each pixel, less of it where the pixel is easy, as a mean.

    A pixel whose true class has the probability p counts with (1 - p)^gamma. With two classes it is
    the loss of the paper, without its alpha: Focal Loss for Dense Object Detection, Lin et al.,
    2017, https://arxiv.org/abs/1708.02002.

    Args:
        gamma: How much less an easy pixel counts; 0 gives the cross entropy.
        class_weight: As in `CrossEntropyLoss`.
        reduction: As in `CrossEntropyLoss`.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_focal`.
        ignore_index: As in `SegLoss`.

    Raises:
        ValueError: If `gamma` is negative.
    """

    default_name: ClassVar[str] = "loss_focal"
    class_weight: Tensor | None

    def __init__(
        self,
        gamma: float = 2.0,
        class_weight: Sequence[float] | None = None,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(loss_weight, loss_name, ignore_index)
        if gamma < 0:
            raise ValueError(f"gamma of FocalLoss is at least 0; got {gamma}")
        self.gamma = gamma
        self.reduction = checked_reduction(reduction)
        self.register_buffer("class_weight", as_weights(class_weight), persistent=False)

    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""
        entropy = functional.cross_entropy(
            logits, target, ignore_index=self.ignore_index, reduction="none"
        )
        missing = -torch.expm1(-entropy)  # 1 - p
        weights = self.weights(target, self.class_weight)
        values = missing.clamp(min=_LEAST) ** self.gamma * entropy * weights
        if self.reduction == "none":
            return values
        return values.sum() if self.reduction == "sum" else per(values.sum(), weights)
