"""From the tokens of a transformer to feature maps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from mmbeta.registry import MMBETA_NECK_REGISTRY

from .base import Neck


@MMBETA_NECK_REGISTRY.register
class ReshapeTokensToImage(Neck):
    """Feature maps from the tokens of patches; what is a map already stays as it is.

    Args:
        channel_list: Channels of the tokens of each layer.
        remove_cls_token: Whether the first token stands for the whole image and is left out.
        effective_time_dim: How many points in time the patches are of; their channels are joined.
        h: How many rows of patches there are; None means as many as columns.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        channel_list: Sequence[int],
        remove_cls_token: bool = True,
        effective_time_dim: int = 1,
        h: int | None = None,
    ) -> None:
        super().__init__(channel_list)
        if effective_time_dim < 1 or (h is not None and h < 1):
            raise ValueError(
                "effective_time_dim and h of ReshapeTokensToImage are at least 1; "
                f"got {effective_time_dim} and {h}"
            )
        self.skipped: int = int(remove_cls_token)
        self.times: int = effective_time_dim
        self.rows: int | None = h
        self.out_channels: list[int] = [each * effective_time_dim for each in channel_list]

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Turn tokens `(N, L, C)` into maps `(N, C · times, H, W)`.

        Raises:
            ValueError: If the tokens don't fill such a map.
        """
        return tuple(each if each.ndim == 4 else self._reshape(each) for each in feats)

    def _reshape(self, tokens: Tensor) -> Tensor:
        tokens = tokens[:, self.skipped :]
        count = tokens.shape[1]
        patches = count // self.times
        rows = math.isqrt(patches) if self.rows is None else self.rows
        columns = rows if self.rows is None else patches // rows
        if self.times * rows * columns != count or not count:
            kind = "as many rows as columns" if self.rows is None else f"{rows} rows"
            raise ValueError(
                f"{count} tokens of patches at {self.times} points in time don't make a map with "
                f"{kind}: see h, effective_time_dim and remove_cls_token of ReshapeTokensToImage"
            )
        # (N, T, H, W, C) to (N, C, T, H, W); channels of one feature lie together, as times do.
        grid = tokens.reshape(len(tokens), self.times, rows, columns, -1).permute(0, 4, 1, 2, 3)
        return grid.flatten(1, 2)


@MMBETA_NECK_REGISTRY.register
class PermuteDims(Neck):
    """The features with their dimensions in another order: `[0, 3, 1, 2]` puts channels first.

    Args:
        channel_list: Channels of each tensor of features.
        new_order: Which dimension comes first, second and so on.

    Raises:
        ValueError: If that is no order of dimensions.
    """

    def __init__(self, channel_list: Sequence[int], new_order: Sequence[int]) -> None:
        super().__init__(channel_list)
        self.new_order: tuple[int, ...] = tuple(new_order)
        if sorted(self.new_order) != list(range(len(self.new_order))):
            raise ValueError(
                "new_order of PermuteDims names each dimension once, from 0 on; "
                f"got {list(new_order)}"
            )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the features with their dimensions in the new order."""
        return tuple(each.permute(self.new_order) for each in feats)
