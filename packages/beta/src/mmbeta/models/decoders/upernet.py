"""The decoder of UPerNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mmbeta.models.layers import PooledContext, concat_maps, conv_norm, resize
from mmbeta.registry import MMBETA_DECODER_REGISTRY


@MMBETA_DECODER_REGISTRY.register
class UPerNetDecoder(nn.Module):
    """A pyramid of maps, from the coarsest with its context down to the finest.

    Unified Perceptual Parsing for Scene Understanding, Xiao et al., 2018,
    https://arxiv.org/abs/1807.10221; the context is that of Pyramid Scene Parsing Network, Zhao et
    al., 2017, https://arxiv.org/abs/1612.01105.

    Args:
        channel_list: Channels of each map of the backbone, the largest map first.
        channels: Channels of each map of the pyramid.
        pool_scales: The rows and columns of the grids over which the context is pooled. A grid of 1
            needs batches of 2 images or more in training, for its normalization.
        align_corners: As in `torch.nn.functional.interpolate`.

    Attributes:
        out_channels: The channels of the map that it gives.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        channels: int = 512,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        *finer, last = channel_list
        self.align_corners = align_corners
        self.context: PooledContext = PooledContext(last, channels, pool_scales, align_corners)
        self.bottleneck: nn.Sequential = conv_norm(last + len(pool_scales) * channels, channels, 3)
        self.laterals: nn.ModuleList = nn.ModuleList(conv_norm(width, channels) for width in finer)
        self.smooth: nn.ModuleList = nn.ModuleList(conv_norm(channels, channels, 3) for _ in finer)
        self.fuse: nn.Sequential = conv_norm(len(channel_list) * channels, channels, 3)
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`, as large as the first."""
        *finer, last = feats
        top = self.bottleneck(torch.cat([last, *self.context(last)], 1))
        pyramid = [top]
        for lateral, feat in zip(reversed(self.laterals), reversed(finer), strict=True):
            above = resize(pyramid[0], feat.shape[-2:], self.align_corners)
            pyramid.insert(0, lateral(feat) + above)
        smoothed = [smooth(each) for smooth, each in zip(self.smooth, pyramid[:-1], strict=True)]
        return cast("Tensor", self.fuse(concat_maps([*smoothed, top], self.align_corners)))
