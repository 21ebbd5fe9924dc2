"""The Tversky loss and the focal Tversky loss."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from mmbeta.registry import MODELS

from .overlap import OverlapLoss

_LEAST = 1e-12  # a power below 1 has no slope at 0


@MODELS.register_module()
class TverskyLoss(OverlapLoss):
    """One minus the Tversky index of probabilities and truth, as a mean over the classes.

    The index is TP / (TP + alpha FP + beta FN). With 0.5 and 0.5 it is the Dice coefficient. More
    `beta` than `alpha` finds more of a small class, at the price of false alarms. The pixels of a
    class are those of the whole batch, and a class counts where the truth has it.

    Tversky loss function for image segmentation using 3D fully convolutional deep networks, Salehi
    et al., 2017, https://arxiv.org/abs/1706.05721.

    Args:
        alpha: The weight of false positives.
        beta: The weight of false negatives.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_tversky`.
        ignore_index: As in `SegLoss`.

    Raises:
        ValueError: If a weight is not positive.
    """

    default_name: ClassVar[str] = "loss_tversky"

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(loss_weight, loss_name, ignore_index)
        if min(alpha, beta) <= 0:
            raise ValueError(
                f"alpha and beta of {type(self).__name__} are positive; got {alpha} and {beta}"
            )
        self.alpha = alpha
        self.beta = beta

    def of_classes(self, common: Tensor, predicted: Tensor, truth: Tensor) -> Tensor:
        """Compute the loss of each class; the arguments are those of `OverlapLoss`."""
        wrong = self.alpha * (predicted - common) + self.beta * (truth - common)
        return 1 - common / (common + wrong)


@MODELS.register_module()
class FocalTverskyLoss(TverskyLoss):
    """The Tversky loss of each class to the power 1 / gamma.

    With a `gamma` above 1 a class that is found well still counts. With 1 it is the `TverskyLoss`.

    A novel focal Tversky loss function with improved attention U-Net for lesion segmentation,
    Abraham and Khan, 2019, https://arxiv.org/abs/1810.07842. There alpha is the weight of false
    negatives; here it is that of false positives, as in `TverskyLoss`.

    Args:
        alpha: As in `TverskyLoss`.
        beta: As in `TverskyLoss`.
        gamma: The inverse of the power, from 1 to 3 in the paper.
        loss_weight: As in `SegLoss`.
        loss_name: As in `SegLoss`; None means `loss_focal_tversky`.
        ignore_index: As in `SegLoss`.

    Raises:
        ValueError: If a weight or `gamma` is not positive.
    """

    default_name: ClassVar[str] = "loss_focal_tversky"

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        gamma: float = 4 / 3,
        loss_weight: float = 1.0,
        loss_name: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__(alpha, beta, loss_weight, loss_name, ignore_index)
        if gamma <= 0:
            raise ValueError(f"gamma of FocalTverskyLoss is positive; got {gamma}")
        self.gamma = gamma

    def of_classes(self, common: Tensor, predicted: Tensor, truth: Tensor) -> Tensor:
        """Compute the loss of each class; the arguments are those of `OverlapLoss`."""
        return super().of_classes(common, predicted, truth).clamp(min=_LEAST) ** (1 / self.gamma)
