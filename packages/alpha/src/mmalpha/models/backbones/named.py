"""Backbones by a name of their own: `resnet18` to `resnet152`, `resnet18d`, `convnext_tiny`.

`BACKBONE_REGISTRY` has them as they are, `IMAGE_CLASSIFIER_BACKBONES` as functions that return a
backbone and the number of its features, beside those of timm and torchvision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from engine.registry import (
    TIMM_MODEL_REGISTRY,
    TORCHVISION_MODEL_REGISTRY,
    ExternalRegistry,
    FunctionRegistry,
    Provider,
)
from mmalpha.registry import MMALPHA_BACKBONE_REGISTRY

from .convnext import CONVNEXTS, ConvNeXt
from .resnet import DEPTHS, ResNet

TIMM = Provider("timm", "https://github.com/huggingface/pytorch-image-models")
TORCHVISION = Provider("torchvision", "https://github.com/pytorch/vision")

_ALL_STAGES = (0, 1, 2, 3)
_D_VARIANT: Mapping[str, Any] = {"stem": "deep", "avg_down": True}


class PooledFeatures(nn.Module):
    """The last map of a backbone, averaged over its pixels.

    Args:
        backbone: What turns images into feature maps.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: Tensor) -> Tensor:
        """Turn images `(N, in_channels, H, W)` into features `(N, C)`."""
        last: Tensor = self.backbone(x)[-1]
        return last.mean((2, 3))


def _build_pooled(
    name: str, make: Callable[..., Any], pretrained: bool = False, **kwargs: Any
) -> tuple[PooledFeatures, int]:
    """Make a backbone with fresh weights, and say how many features it gives.

    Args:
        name: Its name.
        make: What makes it.
        pretrained: Must be False: mmalpha has no pretrained weights.
        **kwargs: The arguments of the backbone.

    Raises:
        ValueError: If weights are asked for.
    """
    refuse_pretrained(name, pretrained)
    backbone = make(**kwargs)
    backbone.init_weights()
    return PooledFeatures(backbone), backbone.out_channels[-1]


def refuse_pretrained(name: str, pretrained: bool) -> None:
    """Raise a ValueError if weights of a backbone of mmalpha are asked for."""
    if pretrained:
        raise ValueError(
            f"mmalpha has no weights for {name}: pass pretrained=False, or take that of "
            "timm with get(..., provider='timm')"
        )


def _timm(name: str, pretrained: bool = False, **kwargs: Any) -> tuple[nn.Module, int]:
    """Make a model of timm without its classifier, and say how many features it gives.

    Args:
        name: Its name.
        pretrained: Whether to load weights, which timm downloads.
        **kwargs: The other arguments of `timm.create_model`.
    """
    model = TIMM_MODEL_REGISTRY.build(name, pretrained=pretrained, num_classes=0, **kwargs)
    return model, model.num_features


def _torchvision(name: str, pretrained: bool = False, **kwargs: Any) -> tuple[nn.Module, int]:
    """Make a model of torchvision without its classifier, and say how many features it gives.

    Args:
        name: Its name.
        pretrained: Whether to load the best weights, which torchvision downloads.
        **kwargs: The other arguments of the function of torchvision, such as `weights`.
    """
    weights = {"weights": "DEFAULT"} if pretrained else {}
    model = TORCHVISION_MODEL_REGISTRY.build(name, num_classes=0, **(weights | kwargs))
    return model, model.num_features


def torchvision_classifiers() -> Iterable[str]:
    """Return the names of those models of torchvision that classify images."""
    if not len(TORCHVISION_MODEL_REGISTRY):
        return ()
    from torchvision import models  # deferred, as it is an extra

    names: list[str] = models.list_models(module=models)
    return names


def _backbones_by_name() -> dict[str, Callable[..., Any]]:
    """Return what makes each backbone."""
    plain = {f"resnet{depth}": partial(ResNet, depth) for depth in DEPTHS}
    d_variant = {f"{name}d": partial(make, **_D_VARIANT) for name, make in plain.items()}
    convnexts = {f"convnext_{arch}": partial(ConvNeXt, arch, out_norm=True) for arch in CONVNEXTS}
    return {**plain, **d_variant, **convnexts}


_OWN = FunctionRegistry("backbones")
for _name, _make in _backbones_by_name().items():
    MMALPHA_BACKBONE_REGISTRY.register_module(_name, module=partial(_make, out_indices=_ALL_STAGES))
    _OWN(partial(_build_pooled, _name, _make), _name, providers="mmalpha", provider="mmalpha")

_TIMM = ExternalRegistry(
    _timm,
    "timm",
    TIMM,
    names=lambda: iter(TIMM_MODEL_REGISTRY),
    is_known=TIMM_MODEL_REGISTRY.__contains__,
    provider="timm",
)
_TORCHVISION = ExternalRegistry(
    _torchvision, "torchvision", TORCHVISION, names=torchvision_classifiers, provider="torchvision"
)
IMAGE_CLASSIFIER_BACKBONES = _OWN + _TIMM + _TORCHVISION
