"""Backbones by a name of their own: `resnet18` to `resnet152`.

`BACKBONE_REGISTRY` has them as they are, `IMAGE_CLASSIFIER_BACKBONES` as functions that return a
backbone and the number of its features, beside those of timm.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from engine.registry import TIMM_MODEL_REGISTRY, ExternalRegistry, FunctionRegistry, Provider
from mmalpha.registry import MMALPHA_BACKBONE_REGISTRY

from .resnet import DEPTHS, ResNet

_ALL_STAGES = (0, 1, 2, 3)


class PooledFeatures(nn.Module):
    """The last map of a backbone, averaged over its pixels.

    Args:
        backbone: What turns images into feature maps.
    """

    def __init__(self, backbone: ResNet) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: Tensor) -> Tensor:
        """Turn images `(N, in_channels, H, W)` into features `(N, C)`."""
        last: Tensor = self.backbone(x)[-1]
        return last.mean((2, 3))


def _resnet(depth: int, pretrained: bool = False, **kwargs: Any) -> tuple[PooledFeatures, int]:
    """Make a ResNet, and say how many features it gives.

    Args:
        depth: As in `ResNet`.
        pretrained: Whether to load weights, of which mmalpha has none.
        **kwargs: The other arguments of `ResNet`.

    Raises:
        ValueError: If weights are asked for.
    """
    if pretrained:
        raise ValueError(
            f"mmalpha has no weights for resnet{depth}: pass pretrained=False, or take that of "
            "timm with get(..., provider='timm')"
        )
    backbone = ResNet(depth, **kwargs)
    backbone.init_weights()
    return PooledFeatures(backbone), backbone.out_channels[-1]


def _timm(name: str, pretrained: bool = False, **kwargs: Any) -> tuple[nn.Module, int]:
    """Make a model of timm without its classifier, and say how many features it gives.

    Args:
        name: Its name.
        pretrained: Whether to load weights, which timm downloads.
        **kwargs: The other arguments of `timm.create_model`.
    """
    model = TIMM_MODEL_REGISTRY.build(name, pretrained=pretrained, num_classes=0, **kwargs)
    return model, model.num_features


_OWN = FunctionRegistry("backbones")
for _depth in DEPTHS:
    MMALPHA_BACKBONE_REGISTRY.register_module(
        f"resnet{_depth}", module=partial(ResNet, depth=_depth, out_indices=_ALL_STAGES)
    )
    _OWN(partial(_resnet, _depth), f"resnet{_depth}", providers="mmalpha", provider="mmalpha")

IMAGE_CLASSIFIER_BACKBONES = _OWN + ExternalRegistry(
    _timm,
    "timm",
    providers=Provider("timm", "https://github.com/huggingface/pytorch-image-models"),
    names=lambda: iter(TIMM_MODEL_REGISTRY),
    provider="timm",
)
