"""Losses of regressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from engine.model import BaseModule
from mmbeta.registry import MODELS

from .base import per

_KINDS: Mapping[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "l1": functional.l1_loss,
    "smooth_l1": functional.smooth_l1_loss,
}


@MODELS.register_module()
class RegressionLoss(BaseModule):
    """The mean error of predicted numbers.

    Where the truth is NaN, it does not count. The device is not made to wait for that.

    Args:
        kind: `'mse'`, the squared error, `'l1'`, the absolute one, or `'smooth_l1'`, which is
            squared below 1.
        loss_weight: What the loss is multiplied with.
        loss_name: What it is called where a head has several; None means `loss_mse` and so on.

    Raises:
        ValueError: If there is no such kind, or `loss_name` does not have `loss` in it.
    """

    def __init__(
        self,
        kind: Literal["mse", "l1", "smooth_l1"] = "mse",
        loss_weight: float = 1.0,
        loss_name: str | None = None,
    ) -> None:
        super().__init__()
        if kind not in _KINDS:
            raise ValueError(f"kind of RegressionLoss is {', '.join(_KINDS)}; got {kind!r}")
        self.kind = kind
        self.loss_weight = loss_weight
        self.loss_name = f"loss_{kind}" if loss_name is None else loss_name
        if "loss" not in self.loss_name:
            raise ValueError(f"loss_name has 'loss' in it; got {loss_name!r}")

    def forward(self, values: Tensor, target: Tensor) -> Tensor:
        """Compute the loss, times its weight.

        Args:
            values: What was predicted, of any shape.
            target: The truth, of the same shape.

        Returns:
            A scalar, 0 if nothing counts.
        """
        counted = ~target.isnan()
        errors = _KINDS[self.kind](values, torch.where(counted, target, values), reduction="none")
        return self.loss_weight * per(errors.sum(), counted)
