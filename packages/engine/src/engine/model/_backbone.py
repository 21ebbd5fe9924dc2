"""Building of backbones from any package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from torch import Tensor, nn

from engine.registry import Registry

_CHANNELS = ("out_channels", "channels")  # the latter in transformers


def build_backbone(
    registry: Registry[Any], cfg: Mapping[str, Any], features: Literal["maps", "vectors"]
) -> nn.Module:
    """Build a model that gives features rather than the scores of classes.

    A model of a source, `timm.resnet18` for example, gets the arguments that its
    `as_backbone` names, unless the config has one of these.

    Args:
        registry: Where the model is looked up.
        cfg: Its config.
        features: Whether maps `(N, C, H, W)` of its stages are needed, or one vector `(N, C)`.
    """
    kind = cfg.get("type")
    make = registry.get(kind, None) if isinstance(kind, str) else None
    declared: Mapping[str, Any] = getattr(make, "as_backbone", {})
    is_decided = any(key in cfg for key in declared.get("unless", ()))
    options = {} if is_decided else declared.get(features, {})
    return cast("nn.Module", registry.build(cfg, default_args=dict(options)))


def channels_of(backbone: nn.Module) -> list[int] | None:
    """Return the channels of each tensor that a backbone gives, or None if it does not tell them.

    Args:
        backbone: One with a list `out_channels`, or one of timm or transformers.
    """
    channels = getattr(getattr(backbone, "feature_info", None), "channels", None)  # as timm does
    for found in (channels and channels(), *(getattr(backbone, key, None) for key in _CHANNELS)):
        if isinstance(found, Sequence):
            return list(found)
    return None


def features_of(backbone: nn.Module, images: Any) -> tuple[Tensor, ...]:
    """Return what a backbone of any package makes of images, one tensor for each of its stages.

    Args:
        backbone: The backbone.
        images: Images `(N, C, H, W)`, or what else it takes.
    """
    out = backbone(images)
    several = (out,) if isinstance(out, Tensor) else getattr(out, "feature_maps", out)
    # Some models of timm, Swin for one, give maps whose channels are last, and say so.
    if getattr(backbone, "output_fmt", "NCHW") == "NHWC":
        return tuple(each.permute(0, 3, 1, 2) if each.ndim == 4 else each for each in several)
    return tuple(several)
