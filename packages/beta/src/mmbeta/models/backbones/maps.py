"""What a backbone of any package gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

_CHANNELS = ("out_channels", "channels")  # the latter in transformers


def channels_of(backbone: nn.Module) -> list[int] | None:
    """Return the channels of each map that a backbone gives, or None if it does not tell them.

    Args:
        backbone: One with a list `out_channels`, or one of timm or transformers.
    """
    told = getattr(getattr(backbone, "feature_info", None), "channels", None)  # as timm does
    for found in (told and told(), *(getattr(backbone, key, None) for key in _CHANNELS)):
        if isinstance(found, Sequence):
            return list(found)
    return None


def maps_of(backbone: nn.Module, images: Any) -> tuple[Tensor, ...]:
    """Compute the maps of images, each `(N, C, H', W')`.

    Args:
        backbone: A module that gives a sequence of maps.
        images: Images `(N, C, H, W)`, or what else the module takes.

    Raises:
        TypeError: If it gives a single tensor instead.
    """
    out = backbone(images)
    if isinstance(out, Tensor):
        raise TypeError(
            f"a backbone gives a sequence of feature maps; {type(backbone).__name__} gives one "
            f"tensor {tuple(out.shape)} (a model of timm gives maps with features_only=True)"
        )
    maps: Sequence[Tensor] = getattr(out, "feature_maps", out)
    # Some models of timm, Swin for one, give maps whose channels are last, and say so.
    if getattr(backbone, "output_fmt", "NCHW") == "NHWC":
        return tuple(each.permute(0, 3, 1, 2) for each in maps)
    return tuple(maps)
