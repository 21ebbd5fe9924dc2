"""Check of the feature maps of a backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from engine.model import features_of

_CHANNELS = ("out_channels", "channels")  # the latter in transformers


def channels_of(backbone: nn.Module) -> list[int] | None:
    """Return the channels of each map that a backbone gives, or None if it does not tell them.

    Args:
        backbone: One with a list `out_channels`, or one of timm or transformers.
    """
    channels = getattr(getattr(backbone, "feature_info", None), "channels", None)  # as timm does
    for found in (channels and channels(), *(getattr(backbone, key, None) for key in _CHANNELS)):
        if isinstance(found, Sequence):
            return list(found)
    return None


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
            "features_only=True)"
        )
    return maps
