"""The decoder of a fully convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor

from engine.model import BaseModule
from mmbeta.models.layers import conv_stack
from mmbeta.registry import MMBETA_DECODER_REGISTRY


@MMBETA_DECODER_REGISTRY.register
class FCNDecoder(BaseModule):
    """Convolutions on one map.

    Fully Convolutional Networks for Semantic Segmentation, Long et al., 2015,
    https://arxiv.org/abs/1411.4038.

    Args:
        channel_list: Channels of each map of the backbone.
        channels: Channels of the convolutions.
        num_convs: How many convolutions there are, at least 1.
        in_index: The map to take.

    Attributes:
        out_channels: The channels of the map that it gives.

    Raises:
        ValueError: If `num_convs` is out of its range.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        channels: int = 256,
        num_convs: int = 2,
        in_index: int = -1,
    ) -> None:
        super().__init__(dict(type="Kaiming", layer="Conv2d"))
        if num_convs < 1:
            raise ValueError(f"num_convs of FCNDecoder is at least 1; got {num_convs}")
        self.in_index = in_index
        self.convs = conv_stack(channel_list[in_index], channels, num_convs)
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`."""
        return cast("Tensor", self.convs(feats[self.in_index]))
