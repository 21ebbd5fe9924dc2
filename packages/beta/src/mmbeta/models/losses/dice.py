"""The Dice loss."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from mmbeta.registry import MODELS

from .base import SegLoss, one_hot, per, two_logits


@MODELS.register_module()
class DiceLoss(SegLoss):
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

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss, times its weight; the arguments are those of `SegLoss.forward`."""
        loss, present = self._by_class(two_logits(logits), target)
        if logits.shape[1] == 1:
            loss, present = loss[1:], present[1:]
        return self.loss_weight * per((loss * present).sum(), present)

    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""
        loss, present = self._by_class(logits, target)
        return per((loss * present).sum(), present)

    def _by_class(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each class, and whether the truth has it, `(num_classes,)` each."""
        probabilities = logits.softmax(1) * self.weights(target).unsqueeze(1)
        truth = one_hot(target, logits.shape[1])
        pixels = truth.sum((0, 2, 3))
        common = (probabilities * truth).sum((0, 2, 3))
        dice = 2 * common / (probabilities.sum((0, 2, 3)) + pixels.clamp(min=1))
        return 1 - dice, pixels > 0
