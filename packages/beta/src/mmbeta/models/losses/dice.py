"""The Dice loss."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from mmbeta.registry import MODELS

from .overlap import OverlapLoss


@MODELS.register_module()
class DiceLoss(OverlapLoss):
    """One minus the Dice coefficient of probabilities and truth, as a mean over the classes.

    The pixels of a class are those of the whole batch, and a class counts where the truth has it.
    With one logit it is the Dice coefficient of the class 1 alone.
    The probabilities are summed as they are, not squared.

    Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations,
    Sudre et al., 2017, https://arxiv.org/abs/1707.03237.

    Args:
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_dice`.
        ignore_index: As in `SegLoss`.
    """

    default_name: ClassVar[str] = "loss_dice"

    def of_classes(self, common: Tensor, predicted: Tensor, truth: Tensor) -> Tensor:
        """Compute the loss of each class; the arguments are those of `OverlapLoss`."""
        return 1 - 2 * common / (predicted + truth)
