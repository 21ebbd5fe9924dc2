"""Base class of losses of the overlap of prediction and truth."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from .base import SegLoss, one_hot, per, two_logits


class OverlapLoss(SegLoss):
    """A loss of each class by its pixels in the whole batch, as a mean over the classes.

    A class counts where the truth has it. With one logit it is the loss of the class 1 alone. A
    subclass writes `of_classes`.

    The arguments are those of `SegLoss`.
    """

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

    @abstractmethod
    def of_classes(self, common: Tensor, predicted: Tensor, truth: Tensor) -> Tensor:
        """Compute the loss of each class.

        Args:
            common: The sum of the probabilities of each class where it is true, `(num_classes,)`.
            predicted: The sum of all its probabilities.
            truth: Its true pixels, at least 1.
        """

    def _by_class(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each class, and whether the truth has it, `(num_classes,)` each."""
        probabilities = logits.softmax(1) * self.weights(target).unsqueeze(1)
        truth = one_hot(target, logits.shape[1])
        pixels = truth.sum((0, 2, 3))
        common = (probabilities * truth).sum((0, 2, 3))
        predicted = probabilities.sum((0, 2, 3))
        return self.of_classes(common, predicted, pixels.clamp(min=1)), pixels > 0
