"""Backbones of object detectors: a feature pyramid on a backbone of any source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from engine.model import build_backbone, channels_of, features_of
from engine.registry import (
    TIMM_MODEL_REGISTRY,
    TORCHVISION_MODEL_REGISTRY,
    ExternalRegistry,
    FunctionRegistry,
)
from mmalpha.registry import MMALPHA_BACKBONE_REGISTRY, MODELS

from .named import TIMM, TORCHVISION, refuse_pretrained, torchvision_classifiers

_LEVELS = 4  # of the backbone; with the one on top the five for which detectors have anchors


class FeaturePyramid(nn.Module):
    """A backbone with a feature pyramid network, as detectors of torchvision take it.

    Feature Pyramid Networks for Object Detection, Lin et al., 2017,
    https://arxiv.org/abs/1612.03144, by `torchvision.ops.FeaturePyramidNetwork`.

    Args:
        backbone: What turns images into feature maps, the largest first, of which the last four
            are used.
        channels: Channels of each of its maps.
        out_channels: Channels of each map of the pyramid.

    Raises:
        ImportError: If torchvision is missing.
    """

    def __init__(
        self, backbone: nn.Module, channels: Sequence[int], out_channels: int = 256
    ) -> None:
        super().__init__()
        if not TORCHVISION_MODEL_REGISTRY.is_installed:
            raise ImportError(TORCHVISION_MODEL_REGISTRY.how_to_install)
        from torchvision.ops.feature_pyramid_network import (  # deferred, as it is an extra
            FeaturePyramidNetwork,
            LastLevelMaxPool,
        )

        self.backbone = backbone
        self.fpn: nn.Module = FeaturePyramidNetwork(
            list(channels)[-_LEVELS:], out_channels, extra_blocks=LastLevelMaxPool()
        )
        self.out_channels = out_channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Turn images `(N, C, H, W)` into maps `(N, out_channels, H', W')`, the largest first."""
        maps = features_of(self.backbone, images)[-_LEVELS:]
        named = {str(level): each for level, each in enumerate(maps)}
        return cast("dict[str, Tensor]", self.fpn(named))


def _on_top(backbone: nn.Module, name: str, out_channels: int) -> tuple[FeaturePyramid, int]:
    channels = channels_of(backbone)
    if channels is None:
        raise TypeError(f"{name} does not tell the channels of its feature maps")
    return FeaturePyramid(backbone, channels, out_channels), out_channels


def _own(
    name: str, pretrained: bool = False, out_channels: int = 256, **kwargs: Any
) -> tuple[FeaturePyramid, int]:
    """Make a pyramid on a backbone of mmalpha with fresh weights, and say its channels.

    Raises:
        ValueError: If weights are asked for.
    """
    refuse_pretrained(name, pretrained)
    backbone = MMALPHA_BACKBONE_REGISTRY.build(name, **kwargs)
    cast("Any", backbone).init_weights()
    return _on_top(backbone, name, out_channels)


def _of_source(
    prefix: str,
    weights: Callable[[bool], Mapping[str, Any]],
    name: str,
    pretrained: bool = False,
    out_channels: int = 256,
    **kwargs: Any,
) -> tuple[FeaturePyramid, int]:
    """Make a pyramid on a backbone of a source, and say its channels."""
    cfg = {"type": f"{prefix}.{name}", **weights(pretrained), **kwargs}
    return _on_top(build_backbone(MODELS, cfg, "maps"), name, out_channels)


def _names(source: Iterable[str]) -> Iterable[str]:
    return source if TORCHVISION_MODEL_REGISTRY.is_installed else ()


_OWN = ExternalRegistry(
    _own,
    "backbones",
    "mmalpha",
    names=lambda: _names(MMALPHA_BACKBONE_REGISTRY),
    provider="mmalpha",
)
_TIMM = ExternalRegistry(
    partial(_of_source, "timm", lambda pretrained: {"pretrained": pretrained}),
    "timm",
    TIMM,
    names=lambda: _names(TIMM_MODEL_REGISTRY),
    is_known=TIMM_MODEL_REGISTRY.__contains__,
    provider="timm",
)
_TORCHVISION = ExternalRegistry(
    partial(_of_source, "torchvision", lambda on: {"weights": "DEFAULT" if on else None}),
    "torchvision",
    TORCHVISION,
    names=torchvision_classifiers,
    provider="torchvision",
)
OBJ_DETECTION_BACKBONES = FunctionRegistry("backbones") + _OWN + _TIMM + _TORCHVISION
