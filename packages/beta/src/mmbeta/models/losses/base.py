"""Base class of losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from engine.model import BaseModule

Reduction = Literal["none", "mean", "sum"]

_TINY = torch.finfo(torch.float32).tiny


class SegLoss(BaseModule, ABC):
    """A loss of the classes of pixels; a subclass writes `value`.

    One logit z for each pixel is that of the class 1 against the class 0, and counts as the logits
    0 and z of two classes, so that cross entropy is binary cross entropy.

    None of them makes the device wait: pixels that don't count are masked, not cut out.

    Args:
        loss_weight: What the loss is multiplied with.
        loss_name: What it is called where a head has several; None means the default of the class.
        ignore_index: The label of pixels that don't count.

    Raises:
        ValueError: If `loss_name` does not have `loss` in it, without which it would not count.
    """

    default_name: ClassVar[str] = "loss"

    def __init__(
        self, loss_weight: float = 1.0, loss_name: str | None = None, ignore_index: int = 255
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.loss_name: str = self.default_name if loss_name is None else loss_name
        if "loss" not in self.loss_name:
            raise ValueError(f"loss_name has 'loss' in it; got {loss_name!r}")
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss, times its weight.

        Args:
            logits: Scores `(N, num_classes, H, W)`, or `(N, 1, H, W)` of two classes.
            target: Labels `(N, H, W)` of int64.

        Returns:
            A scalar, 0 if no pixel counts; or a value for each pixel, `(N, H, W)`, if the
            `reduction` of the loss is `'none'`.
        """
        return self.loss_weight * self.value(two_logits(logits), target)

    @abstractmethod
    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""

    def weights(self, target: Tensor, class_weight: Tensor | None = None) -> Tensor:
        """Return the weight of each pixel, of the shape of the labels; 0 where it does not count.

        Args:
            target: Labels.
            class_weight: The weight of each class, `(num_classes,)`; None weighs all alike, and
                gives bools.
        """
        counted = target != self.ignore_index
        if class_weight is None:
            return counted
        return counted * class_weight[target.clamp(0, len(class_weight) - 1)]


def two_logits(logits: Tensor) -> Tensor:
    """Return one logit z for each pixel as those of two classes, 0 and z; others as they are.

    Args:
        logits: Scores `(N, num_classes, H, W)`.
    """
    return torch.cat([torch.zeros_like(logits), logits], 1) if logits.shape[1] == 1 else logits


def one_hot(target: Tensor, num_classes: int) -> Tensor:
    """Return for each class which labels are its own, `(N, num_classes, H, W)` of bool.

    Args:
        target: Labels `(N, H, W)`; those of no class are nowhere.
        num_classes: How many classes there are.
    """
    classes = torch.arange(num_classes, device=target.device).view(1, -1, 1, 1)
    return target.unsqueeze(1) == classes


def per(total: Tensor, weights: Tensor) -> Tensor:
    """Divide a sum of weighed values by the sum of their weights; 0 if nothing has weight.

    Args:
        total: The sum of the values.
        weights: Their weights, or where they count.
    """
    return total / weights.sum().clamp(min=_TINY)


def checked_reduction(reduction: Reduction) -> Reduction:
    """Return a reduction.

    Args:
        reduction: The argument of a loss.

    Raises:
        ValueError: If there is no such reduction.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"reduction is 'none', 'mean' or 'sum'; got {reduction!r}")
    return reduction


def as_weights(given: Sequence[float] | None) -> Tensor | None:
    """Return weights of classes as a tensor, which a loss keeps as a buffer."""
    return None if given is None else torch.tensor(given, dtype=torch.float32)
