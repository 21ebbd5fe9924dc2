"""The decoder of a fully convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from mmbeta.models.layers import concat_maps, conv_stack
from mmbeta.registry import MMBETA_DECODER_REGISTRY


@MMBETA_DECODER_REGISTRY.register
class FCNDecoder(nn.Module):
    """Convolutions on one map, or on several that are joined.

    Fully Convolutional Networks for Semantic Segmentation, Long et al., 2015,
    https://arxiv.org/abs/1411.4038.

    Args:
        channel_list: Channels of each map of the backbone.
        channels: Channels of the convolutions.
        num_convs: How many convolutions there are, at least 1.
        kernel_size: Their size in pixels, odd.
        in_index: The map to take, or several: they are brought to the size of the first and joined.
        align_corners: As in `torch.nn.functional.interpolate`.

    Attributes:
        out_channels: The channels of the map that it gives.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        channels: int = 256,
        num_convs: int = 2,
        kernel_size: int = 3,
        in_index: int | Sequence[int] = -1,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        if num_convs < 1:
            raise ValueError(f"num_convs of FCNDecoder is at least 1; got {num_convs}")
        if kernel_size % 2 != 1:
            raise ValueError(f"kernel_size of FCNDecoder is odd; got {kernel_size}")
        self.in_index: tuple[int, ...] = (
            (in_index,) if isinstance(in_index, int) else tuple(in_index)
        )
        self.align_corners = align_corners
        width = sum(channel_list[index] for index in self.in_index)
        self.convs: nn.Sequential = conv_stack(width, channels, num_convs, kernel_size)
        self.out_channels = channels

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into one, `(N, out_channels, H', W')`, as large as the first."""
        chosen = [feats[index] for index in self.in_index]
        return cast("Tensor", self.convs(concat_maps(chosen, self.align_corners)))
