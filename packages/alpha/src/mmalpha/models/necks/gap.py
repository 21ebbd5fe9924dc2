"""Global average pooling."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from engine.model import BaseModule
from mmalpha.registry import MODELS


@MODELS.register_module()
class GlobalAveragePooling(BaseModule):
    """The mean of each feature map (Lin et al., Network In Network, 2014)."""

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Pool each level.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level.

        Returns:
            Vectors `(N, C)`, one tensor for each level.

        Raises:
            ValueError: If the features are no maps.
        """
        if wrong := [tuple(feat.shape) for feat in feats if feat.ndim != 4]:
            raise ValueError(
                f"GlobalAveragePooling takes maps (N, C, H, W); the backbone gives {wrong[0]}. Let "
                "it give maps (features_only=True for a model of timm, torchvision or "
                "transformers), or leave the neck out if these are vectors already"
            )
        return tuple(feat.mean((2, 3)) for feat in feats)
