"""Classification losses.

Each takes logits `(N, C)` and a target: the indices of the classes `(N,)`, or how far each class is
there, `(N, C)` from 0 to 1. So soft labels, as mixed images have, go into all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmalpha.registry import MODELS

Reduction = Literal["none", "mean", "sum"]


class _Loss(nn.Module):
    """What the losses share: weights of the classes, which are no part of a checkpoint.

    Attributes:
        use_sigmoid: Whether a class is there by itself, so that its probability is the sigmoid of
            its logit; otherwise those of all classes are a softmax. Heads predict by it.
    """

    use_sigmoid: ClassVar[bool] = False
    class_weight: Tensor | None

    def __init__(
        self, class_weight: Sequence[float] | None, reduction: Reduction, loss_weight: float
    ) -> None:
        super().__init__()
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction is 'none', 'mean' or 'sum'; got {reduction!r}")
        weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float)
        self.register_buffer("class_weight", weight, persistent=False)
        self.reduction: Reduction = reduction
        self.loss_weight = loss_weight


@MODELS.register_module()
class CrossEntropyLoss(_Loss):
    """Cross entropy of one class among several.

    Args:
        class_weight: A weight for each class.
        label_smoothing: The part of the target that is spread over all classes, from 0 to 1
            (Szegedy et al., Rethinking the Inception Architecture, 2016).
        ignore_index: The class whose images don't count.
        reduction: `'mean'`, which divides by the weights' sum, `'sum'` or `'none'`.
        loss_weight: What the loss is multiplied with.
    """

    def __init__(
        self,
        class_weight: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(class_weight, reduction, loss_weight)
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits `(N, C)` and a target, `(N,)` or `(N, C)`.

        A soft target of zeros, as `one_hot_of` makes of an ignored label, adds nothing.
        """
        smoothing = self.label_smoothing
        if target.ndim == 2 and smoothing:
            spread = target.sum(1, keepdim=True) / target.shape[1]
            target, smoothing = target * (1 - smoothing) + spread * smoothing, 0.0
        return self.loss_weight * functional.cross_entropy(
            logits,
            target,
            self.class_weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=smoothing,
        )


@MODELS.register_module()
class BinaryCrossEntropyLoss(_Loss):
    """Cross entropy of each class by itself: there or not.

    Args:
        class_weight: A weight for each class.
        pos_weight: For each class, how much more it counts where it is there.
        reduction: `'mean'` over images and classes, `'sum'` or `'none'`.
        loss_weight: What the loss is multiplied with.
    """

    use_sigmoid = True
    pos_weight: Tensor | None

    def __init__(
        self,
        class_weight: Sequence[float] | None = None,
        pos_weight: Sequence[float] | None = None,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(class_weight, reduction, loss_weight)
        weight = None if pos_weight is None else torch.tensor(pos_weight, dtype=torch.float)
        self.register_buffer("pos_weight", weight, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits `(N, C)` and a target, `(N,)` or `(N, C)`."""
        return self.loss_weight * functional.binary_cross_entropy_with_logits(
            logits,
            _by_class(target, logits),
            self.class_weight,
            pos_weight=self.pos_weight,
            reduction=self.reduction,
        )


@MODELS.register_module()
class FocalLoss(_Loss):
    """Binary cross entropy in which what is easy counts little.

    The cross entropy of each class is multiplied by `|t - p| ** gamma` of its target t and its
    probability p. Source: Lin et al., Focal Loss for Dense Object Detection, 2017.

    Args:
        gamma: How much less the easy ones count; 0 makes them equal.
        alpha: The weight of a class that is there, where one that isn't has `1 - alpha`; None means
            equal weights.
        class_weight: A weight for each class.
        reduction: `'mean'` over images and classes, `'sum'` or `'none'`.
        loss_weight: What the loss is multiplied with.
    """

    use_sigmoid = True

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | None = 0.25,
        class_weight: Sequence[float] | None = None,
        reduction: Reduction = "mean",
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(class_weight, reduction, loss_weight)
        self.gamma = gamma
        self.alpha = alpha

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits `(N, C)` and a target, `(N,)` or `(N, C)`."""
        target = _by_class(target, logits)
        entropy = functional.binary_cross_entropy_with_logits(
            logits, target, self.class_weight, reduction="none"
        )
        loss = entropy * (target - logits.sigmoid()).abs() ** self.gamma
        if self.alpha is not None:
            loss = loss * (self.alpha * target + (1 - self.alpha) * (1 - target))
        reduced = {"none": loss, "mean": loss.mean(), "sum": loss.sum()}[self.reduction]
        return self.loss_weight * reduced


def one_hot_of(target: Tensor, num_classes: int, ignore_index: int | None = None) -> Tensor:
    """Return labels `(N,)` as soft targets `(N, num_classes)` of float.

    Args:
        target: The labels.
        num_classes: How many classes there are.
        ignore_index: The label of images that don't count, which gets zeros.
    """
    if ignore_index is None:
        return functional.one_hot(target, num_classes).float()
    counted = target != ignore_index
    return functional.one_hot(target * counted, num_classes).float() * counted.unsqueeze(1)


def _by_class(target: Tensor, logits: Tensor) -> Tensor:
    """Return a target `(N, C)` of the type of the logits."""
    if target.ndim == 1:
        target = functional.one_hot(target, logits.shape[1])
    return target.to(logits.dtype)
