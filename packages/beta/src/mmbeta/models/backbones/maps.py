"""Check of the feature maps of a backbone."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engine.model import features_of


def maps_of(backbone: nn.Module, images: Any) -> tuple[Tensor, ...]:
    """Compute the maps of images, each `(N, C, H', W')`.

    Args:
        backbone: A module that gives maps.
        images: Images `(N, C, H, W)`, or what else the module takes.

    Raises:
        TypeError: If it gives something else.
    """
    maps = features_of(backbone, images)
    if any(each.ndim != 4 for each in maps):
        shapes = ", ".join(str(tuple(each.shape)) for each in maps)
        raise TypeError(
            f"a backbone gives feature maps (N, C, H, W); {type(backbone).__name__} gives "
            f"{shapes} (models of timm, torchvision and transformers give maps with "
            "features_only=True; of tokens the neck ReshapeTokensToImage makes maps)"
        )
    return maps
