"""The decoder of SegFormer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from mmbeta.models.layers import concat_maps, conv_norm
from mmbeta.registry import MMBETA_DECODER_REGISTRY


@MMBETA_DECODER_REGISTRY.register
class SegformerDecoder(nn.Module):
    """A linear layer on the pixels of each map, and one on all of them together.

    SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers, Xie et al.,
    2021, https://arxiv.org/abs/2105.15203.

    Args:
        channel_list: Channels of each map of the backbone, the largest map first.
        channels: Channels of the layers.
        align_corners: As in `torch.nn.functional.interpolate`.

    Attributes:
        out_channels: The channels of the map that it gives.
    """

    def __init__(
        self, channel_list: Sequence[int], channels: int = 256, align_corners: bool = False
    ) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.project: nn.ModuleList = nn.ModuleList(
            nn.Conv2d(width, channels, 1) for width in channel_list
        )
        self.fuse: nn.Sequential = conv_norm(len(channel_list) * channels, channels)
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`, as large as the first."""
        projected = [layer(feat) for layer, feat in zip(self.project, feats, strict=True)]
        return cast("Tensor", self.fuse(concat_maps(projected, self.align_corners)))
