"""Cross entropy of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from mmbeta.registry import MODELS

from .base import Reduction, SegLoss, as_weights, checked_reduction, per


@MODELS.register_module()
class CrossEntropyLoss(SegLoss):
    """The cross entropy of each pixel.

    Args:
        class_weight: The weight of each class; the mean is that of the weighed pixels, as in
            `torch.nn.CrossEntropyLoss`. None weighs them alike.
        label_smoothing: The part of the target that is spread over all classes, from 0 to 1.
        reduction: `'mean'` over the pixels that count, `'sum'` or `'none'`.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_ce`.
        ignore_index: As in `SegLoss`.
    """

    default_name: ClassVar[str] = "loss_ce"
    class_weight: Tensor | None

    def __init__(
        self,
        class_weight: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(loss_weight, loss_name, ignore_index)
        self.label_smoothing = label_smoothing
        self.reduction = checked_reduction(reduction)
        self.register_buffer("class_weight", as_weights(class_weight), persistent=False)

    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""
        total = functional.cross_entropy(
            logits,
            target,
            weight=self.class_weight,
            ignore_index=self.ignore_index,
            reduction="none" if self.reduction == "none" else "sum",
            label_smoothing=self.label_smoothing,
        )
        if self.reduction != "mean":
            return total
        return per(total, self.weights(target, self.class_weight))
