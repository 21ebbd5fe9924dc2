"""Online hard example mining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from mmbeta.registry import MODELS

from .base import Reduction, SegLoss, as_weights, checked_reduction, per


@MODELS.register_module()
class OHEMCrossEntropyLoss(SegLoss):
    """The cross entropy of the hard pixels of a batch alone.

    A pixel is hard if its true class has at most the probability `thresh`; if there are fewer than
    `min_kept` for each image, the hardest ones count until there are as many.

    Training region-based object detectors with online hard example mining, Shrivastava et al.,
    2016, https://arxiv.org/abs/1604.03540; for pixels in OCNet, Yuan and Wang, 2018,
    https://arxiv.org/abs/1809.00916.

    Args:
        thresh: The probability up to which a pixel is hard, above 0. With 1 all are.
        min_kept: How many pixels of each image count at least, on average over the batch.
        class_weight: As in `CrossEntropyLoss`.
        label_smoothing: As in `CrossEntropyLoss`; which pixels are hard does not depend on it.
        reduction: `'mean'` over the hard pixels, `'sum'`, or `'none'`, which is 0 at the others.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_ohem`.
        ignore_index: As in `SegLoss`.

    Raises:
        ValueError: If `thresh` is no probability above 0, or `min_kept` is negative.
    """

    default_name: ClassVar[str] = "loss_ohem"
    class_weight: Tensor | None

    def __init__(
        self,
        thresh: float = 0.7,
        min_kept: int = 10_000,
        class_weight: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(loss_weight, loss_name, ignore_index)
        if not 0 < thresh <= 1 or min_kept < 0:
            raise ValueError(
                "OHEMCrossEntropyLoss: thresh is a probability above 0, and min_kept at least 0; "
                f"got {thresh} and {min_kept}"
            )
        self.thresh = thresh
        self.min_kept = min_kept
        self.label_smoothing = label_smoothing
        self.reduction = checked_reduction(reduction)
        self.register_buffer("class_weight", as_weights(class_weight), persistent=False)

    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""
        hard = self._hard(logits.detach(), target)
        values = hard * functional.cross_entropy(
            logits,
            target,
            weight=self.class_weight,
            ignore_index=self.ignore_index,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )
        if self.reduction == "none":
            return values
        if self.reduction == "sum":
            return values.sum()
        return per(values.sum(), hard * self.weights(target, self.class_weight))

    def _hard(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return which pixels are hard, `(N, H, W)` of bool."""
        entropy = functional.cross_entropy(
            logits, target, ignore_index=self.ignore_index, reduction="none"
        )
        counted = self.weights(target)
        probability = (-entropy).exp().masked_fill(~counted, torch.inf)
        most = min(self.min_kept * len(target), target.numel())
        if most == 0:
            return counted & (probability <= self.thresh)
        needed = probability.flatten().kthvalue(most).values
        return counted & (probability <= needed.clamp(min=self.thresh))
