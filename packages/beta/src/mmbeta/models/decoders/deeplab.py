"""The decoder of DeepLabV3+."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mmbeta.models.layers import PooledContext, conv_norm, resize
from mmbeta.registry import MMBETA_DECODER_REGISTRY


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: convolutions that see near and far, and the whole map.

    Rethinking Atrous Convolution for Semantic Image Segmentation, Chen et al., 2017,
    https://arxiv.org/abs/1706.05587.

    Args:
        in_channels: Channels of the map.
        channels: Channels that go out.
        dilations: The dilation of each convolution; one of 1 is a convolution of 1×1.
        separable: As in `conv_norm`.
        align_corners: As in `torch.nn.functional.interpolate`.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        dilations: Sequence[int],
        separable: bool = False,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.branches: nn.ModuleList = nn.ModuleList(
            conv_norm(in_channels, channels)
            if dilation == 1
            else conv_norm(in_channels, channels, 3, dilation, separable)
            for dilation in dilations
        )
        self.context: PooledContext = PooledContext(in_channels, channels, (1,), align_corners)
        self.bottleneck: nn.Sequential = conv_norm((len(dilations) + 1) * channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Turn a map `(N, in_channels, H, W)` into one `(N, channels, H, W)`."""
        seen = [branch(x) for branch in self.branches]
        return cast("Tensor", self.bottleneck(torch.cat([*seen, *self.context(x)], 1)))


@MMBETA_DECODER_REGISTRY.register
class DeepLabV3PlusDecoder(nn.Module):
    """ASPP on the coarsest map, sharpened by the finest.

    Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation, Chen et al.,
    2018, https://arxiv.org/abs/1802.02611.

    Args:
        channel_list: Channels of each map of the backbone, the largest map first; those between the
            first and the last are not used.
        channels: Channels of the convolutions.
        low_channels: To how many channels the finest map is reduced.
        dilations: Of the convolutions of the ASPP. The paper takes 1, 12, 24 and 36 for a coarsest
            map of stride 8, half of them for 16. A training needs batches of 2 images or more: set
            `drop_last=True` where the last one may be smaller.
        separable: Whether 3×3 convolutions are separable, as in `conv_norm`.
        align_corners: As in `torch.nn.functional.interpolate`.

    Attributes:
        out_channels: The channels of the map that it gives.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        channels: int = 256,
        low_channels: int = 48,
        dilations: Sequence[int] = (1, 12, 24, 36),
        separable: bool = True,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.aspp: ASPP = ASPP(channel_list[-1], channels, dilations, separable, align_corners)
        self.reduce: nn.Sequential = conv_norm(channel_list[0], low_channels)
        self.fuse: nn.Sequential = nn.Sequential(
            conv_norm(channels + low_channels, channels, 3, separable=separable),
            conv_norm(channels, channels, 3, separable=separable),
        )
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`, as large as the first."""
        low = self.reduce(feats[0])
        high = resize(self.aspp(feats[-1]), low.shape[-2:], self.align_corners)
        return cast("Tensor", self.fuse(torch.cat([high, low], 1)))
