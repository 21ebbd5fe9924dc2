"""Backbones of timm."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from engine.model import BaseModule
from engine.registry import TIMM_MODEL_REGISTRY, needs_trust
from engine.registry.restrictions import TIMM_OPTIONS
from mmalpha.registry import MODELS


@MODELS.register_module()
@needs_trust(**TIMM_OPTIONS)
class TIMMBackbone(BaseModule):
    """Any model of timm without its classifier.

    Needs timm: `pip install 'engine[timm]'`.

    Args:
        model_name: Its name in timm.
        features_only: Whether to hand on the maps of several stages, `(N, C, H, W)` each, rather
            than the pooled features of the last one, `(N, C)`.
        pretrained: Whether to load weights: True takes those of the Hub, which timm downloads,
            a str is a file or a folder with such files.
        in_channels: Channels of the images; timm calls them `in_chans`, which serves as well.
        **kwargs: The other arguments of `timm.create_model`.

    Attributes:
        out_channels: The channels of each tensor that is handed on.

    Raises:
        NotRegisteredError: If timm has no such model, or is missing.
    """

    def __init__(
        self,
        model_name: str,
        features_only: bool = False,
        pretrained: bool | str = False,
        in_channels: int = 3,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        options = dict(features_only=True) if features_only else dict(num_classes=0)
        self.features_only = features_only
        kwargs.setdefault("in_chans", in_channels)
        self.timm_model: Any = TIMM_MODEL_REGISTRY.build(
            model_name, pretrained=pretrained, **options, **kwargs
        )
        self.out_channels: tuple[int, ...] = (
            tuple(self.timm_model.feature_info.channels())
            if features_only
            else (self.timm_model.num_features,)
        )
        # Some models, Swin for one, give maps whose channels are last, and say so.
        self._channels_last = getattr(self.timm_model, "output_fmt", "NCHW") == "NHWC"

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn images `(N, in_channels, H, W)` into features."""
        out = self.timm_model(x)
        if not self.features_only:
            return (out,)
        return tuple(each.permute(0, 3, 1, 2) for each in out) if self._channels_last else (*out,)
