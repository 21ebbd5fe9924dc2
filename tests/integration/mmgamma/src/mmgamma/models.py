"""The network that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from engine.model import BaseModel
from engine.structures import BaseDataElement
from mmgamma.registry import MODELS


@MODELS.register_module()
class Counter(BaseModel):
    """Predicts a density for each pixel, whose sum is the number of things.

    Source: Lempitsky and Zisserman, Learning to count objects in images, 2010.

    Args:
        backbone: The config of what makes feature maps of an image.
        density_head: The config of what makes a map of one channel of them.
        data_preprocessor: As in `BaseModel`.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any],
        density_head: Mapping[str, Any],
        data_preprocessor: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor)
        self.backbone = MODELS.build(backbone)
        self.density_head = MODELS.build(density_head)

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] = (),
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | Sequence[BaseDataElement]:
        """Count what is in images `(N, C, H, W)`; the samples hold the true `count`."""
        density = functional.softplus(self.density_head(self.backbone(inputs)))
        counts = density.mean((1, 2, 3))
        if mode == "loss":
            truth = counts.new_tensor([sample.count for sample in data_samples])
            return {"loss": functional.smooth_l1_loss(counts, truth)}
        if mode == "predict":
            for sample, count in zip(data_samples, counts, strict=True):
                sample.pred_count = count
            return data_samples
        return counts
