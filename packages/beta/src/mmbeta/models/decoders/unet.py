"""The decoder of U-Net."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmbeta.models.layers import conv_stack, resize
from mmbeta.registry import MMBETA_DECODER_REGISTRY


@MMBETA_DECODER_REGISTRY.register
class UNetDecoder(nn.Module):
    """From the coarsest map up: each step is enlarged and joined with the next finer map.

    U-Net: Convolutional Networks for Biomedical Image Segmentation, Ronneberger et al., 2015,
    https://arxiv.org/abs/1505.04597. Maps are enlarged by interpolation instead of a transposed
    convolution, and padded, so that they may have any size.

    Args:
        channel_list: Channels of each map of the backbone, the largest map first.
        channels: Channels of the last step; each step before it has twice as many.
        num_convs: How many convolutions of 3×3 each step has.
        align_corners: As in `torch.nn.functional.interpolate`.

    Attributes:
        out_channels: The channels of the map that it gives.

    Raises:
        ValueError: If there is a single map.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        channels: int = 64,
        num_convs: int = 2,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        if len(channel_list) < 2:
            raise ValueError(f"a U-Net needs 2 maps or more; got those of {list(channel_list)}")
        self.align_corners = align_corners
        self.steps: nn.ModuleList = nn.ModuleList()
        width = channel_list[-1]
        for level in reversed(range(len(channel_list) - 1)):
            out = channels << level
            self.steps.append(conv_stack(width + channel_list[level], out, num_convs))
            width = out
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`, as large as the first."""
        *finer, x = feats
        for step, feat in zip(self.steps, reversed(finer), strict=True):
            x = step(torch.cat([feat, resize(x, feat.shape[-2:], self.align_corners)], 1))
        return x
