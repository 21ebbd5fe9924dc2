"""Feature maps of the models of torchvision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.feature_extraction import create_feature_extractor


class TorchvisionMaps(nn.Module):
    """What a model of torchvision computes on its way.

    Args:
        name: The name of the model.
        return_nodes: Where in it the maps are taken, as
            `torchvision.models.feature_extraction.create_feature_extractor` calls them:
            `['layer1', 'layer2', 'layer3', 'layer4']` of a ResNet for example.
        **kwargs: The arguments of the model.

    Raises:
        ValueError: If the model has no such node.
    """

    def __init__(self, name: str, return_nodes: Sequence[str], **kwargs: Any) -> None:
        super().__init__()
        self.model: nn.Module = create_feature_extractor(get_model(name, **kwargs), return_nodes)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of images `(N, C, H, W)`, one tensor for each node."""
        return tuple(self.model(images).values())
