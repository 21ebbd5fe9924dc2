"""Selection of feature maps."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmbeta.registry import MMBETA_NECK_REGISTRY

from .base import Neck


@MMBETA_NECK_REGISTRY.register
class SelectIndices(Neck):
    """Some of the maps of a backbone, in the order in which they are named.

    Args:
        channel_list: Channels of each map of the backbone.
        indices: Which maps to hand on.

    Raises:
        ValueError: If there is no such map.
    """

    def __init__(self, channel_list: Sequence[int], indices: Sequence[int]) -> None:
        super().__init__(channel_list)
        self.indices: tuple[int, ...] = tuple(indices)
        count = len(channel_list)
        if not self.indices or any(not -count <= index < count for index in self.indices):
            raise ValueError(
                f"indices of SelectIndices name some of {count} maps; got {list(indices)}"
            )
        self.out_channels: list[int] = [channel_list[index] for index in self.indices]

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the maps chosen, of shapes `(N, C, H, W)`."""
        return tuple(feats[index] for index in self.indices)
