"""Selection of feature maps."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmbeta.registry import MMBETA_NECK_REGISTRY


@MMBETA_NECK_REGISTRY.register
class SelectIndices(nn.Module):
    """Some of the maps of a backbone, in the order in which they are named.

    Args:
        channel_list: Channels of each map of the backbone.
        indices: Which maps to hand on.

    Attributes:
        out_channels: The channels of each map that is handed on.
    """

    def __init__(self, channel_list: Sequence[int], indices: Sequence[int]) -> None:
        super().__init__()
        self.indices = tuple(indices)
        self.out_channels = [channel_list[index] for index in self.indices]

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the maps chosen, of shapes `(N, C, H, W)`."""
        return tuple(feats[index] for index in self.indices)
