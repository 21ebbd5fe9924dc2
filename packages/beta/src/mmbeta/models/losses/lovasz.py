"""The Lovász-softmax loss."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from mmbeta.registry import MODELS

from .base import SegLoss, one_hot, per


@MODELS.register_module()
class LovaszLoss(SegLoss):
    """The Lovász extension of one minus the intersection over union, as a mean over the classes.

    For probabilities of 0 and 1 it is one minus the intersection over union.

    The Lovász-Softmax loss, Berman et al., 2018, https://arxiv.org/abs/1705.08790.

    Args:
        classes: `'present'` for those that the truth has, `'all'` for all.
        per_image: Whether each image is taken by itself, and the mean over them; otherwise the
            pixels of a batch are taken together.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_lovasz`.
        ignore_index: As in `SegLoss`.

    Raises:
        ValueError: If `classes` is neither.
    """

    default_name: ClassVar[str] = "loss_lovasz"

    def __init__(
        self,
        classes: Literal["present", "all"] = "present",
        per_image: bool = False,
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(loss_weight, loss_name, ignore_index)
        if classes not in ("present", "all"):
            raise ValueError(f"classes of LovaszLoss is 'present' or 'all'; got {classes!r}")
        self.classes = classes
        self.per_image = per_image

    def value(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss as if its weight were 1; the arguments are those of `forward`."""
        probabilities = logits.softmax(1)
        truth = one_hot(target, logits.shape[1])
        # A pixel that does not count has the error 0, so that it comes last and costs nothing.
        errors = (truth.float() - probabilities).abs() * self.weights(target).unsqueeze(1)
        if self.per_image:
            pairs = zip(errors.flatten(2), truth.flatten(2), strict=True)
            return torch.stack([self._of_classes(*pair) for pair in pairs]).mean()
        return self._of_classes(*(each.transpose(0, 1).flatten(1) for each in (errors, truth)))

    def _of_classes(self, errors: Tensor, truth: Tensor) -> Tensor:
        """Return the mean over the classes; both are `(num_classes, pixels)`."""
        errors, order = errors.sort(dim=1, descending=True)
        losses = (errors * _steps(truth.gather(1, order))).sum(1)
        if self.classes == "all":
            return losses.mean()
        present = truth.any(1)
        return per((losses * present).sum(), present)


def _steps(truth: Tensor) -> Tensor:
    """Return by how much the Jaccard loss grows with each pixel that is wrong too.

    Args:
        truth: For each class, which pixels are its own, `(num_classes, pixels)`, in the order in
            which they become wrong.
    """
    hits = truth.long().cumsum(1)
    own, others = hits[:, -1:], (~truth).long().cumsum(1)
    jaccard = 1 - (own - hits) / (own + others)
    return torch.cat([jaccard[:, :1], jaccard.diff(dim=1)], 1)
