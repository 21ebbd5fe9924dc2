"""Pyramids from the maps of a plain transformer, which all have one size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from mmbeta.registry import MMBETA_NECK_REGISTRY

from .base import Neck


@MMBETA_NECK_REGISTRY.register
class InterpolateToPyramidal(Neck):
    """Maps of which each is larger than the next; the last keeps its size.

    Args:
        channel_list: Channels of each map.
        scale_factor: How many times larger a map is than the next.
        mode: As in `torch.nn.functional.interpolate`.

    Raises:
        ValueError: If `scale_factor` is less than 1.
    """

    def __init__(
        self, channel_list: Sequence[int], scale_factor: int = 2, mode: str = "nearest"
    ) -> None:
        super().__init__(channel_list)
        if scale_factor < 1:
            raise ValueError(
                f"scale_factor of InterpolateToPyramidal is at least 1; got {scale_factor}"
            )
        last = len(self.out_channels) - 1
        self.scales: list[int] = [scale_factor ** (last - index) for index in range(last + 1)]
        self.mode = mode

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Turn maps `(N, C, H, W)` of one size into a pyramid, the largest map first."""
        return tuple(
            each
            if scale == 1
            else functional.interpolate(each, scale_factor=float(scale), mode=self.mode)
            for each, scale in zip(feats, self.scales, strict=True)
        )


@MMBETA_NECK_REGISTRY.register
class MaxpoolToPyramidal(Neck):
    """Maps of which each is smaller than the one before, by max pooling; the first keeps its size.

    Args:
        channel_list: Channels of each map.
        kernel_size: How many times smaller a map is than the one before.

    Raises:
        ValueError: If `kernel_size` is less than 1.
    """

    def __init__(self, channel_list: Sequence[int], kernel_size: int = 2) -> None:
        super().__init__(channel_list)
        if kernel_size < 1:
            raise ValueError(f"kernel_size of MaxpoolToPyramidal is at least 1; got {kernel_size}")
        self.sizes: list[int] = [kernel_size**index for index in range(len(self.out_channels))]

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Turn maps `(N, C, H, W)` of one size into a pyramid, the largest map first.

        Raises:
            ValueError: If a map is too small for it.
        """
        for each, size in zip(feats, self.sizes, strict=True):
            if min(each.shape[-2:]) < size:
                raise ValueError(
                    f"a map of {each.shape[-2]}×{each.shape[-1]} can't be pooled by {size}: take "
                    "larger images, fewer maps (SelectIndices) or InterpolateToPyramidal"
                )
        return tuple(
            each if size == 1 else functional.max_pool2d(each, size)
            for each, size in zip(feats, self.sizes, strict=True)
        )


@MMBETA_NECK_REGISTRY.register
class LearnedInterpolateToPyramidal(Neck):
    """Four maps of one size as a pyramid of 4, 2, 1 and a half times the size.

    The first two are enlarged by transposed convolutions, which halve their channels with each
    step, and the last is pooled: the simple feature pyramid of Exploring Plain Vision Transformer
    Backbones for Object Detection, Li et al., 2022, https://arxiv.org/abs/2203.16527, on four
    layers instead of one.

    Args:
        channel_list: Channels of the four maps.

    Raises:
        ValueError: If there are not four maps.
    """

    def __init__(self, channel_list: Sequence[int]) -> None:
        super().__init__(channel_list)
        if len(channel_list) != 4:
            raise ValueError(
                "LearnedInterpolateToPyramidal takes four maps; there are those of "
                f"{list(channel_list)}: choose by SelectIndices or out_indices of the backbone"
            )
        first, second, third, fourth = channel_list
        self.levels: nn.ModuleList = nn.ModuleList(
            [
                nn.Sequential(
                    _enlarge(first, first // 2),
                    nn.BatchNorm2d(first // 2),
                    nn.GELU(),
                    _enlarge(first // 2, first // 4),
                ),
                _enlarge(second, second // 2),
                nn.Identity(),
                nn.MaxPool2d(2),
            ]
        )
        self.out_channels: list[int] = [first // 4, second // 2, third, fourth]

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Turn four maps `(N, C, H, W)` of one size into a pyramid, the largest map first."""
        pairs = zip(self.levels, feats, strict=True)
        return tuple(cast("Tensor", level(each)) for level, each in pairs)


@MMBETA_NECK_REGISTRY.register
class AddBottleneckLayer(Neck):
    """The maps, and below them one of half the size, with the channels of the last.

    Args:
        channel_list: Channels of each map.
    """

    def __init__(self, channel_list: Sequence[int]) -> None:
        super().__init__(channel_list)
        width = self.out_channels[-1]
        self.bottleneck: nn.Sequential = nn.Sequential(nn.Conv2d(width, width, 1), nn.MaxPool2d(2))
        self.out_channels.append(width)

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the maps `(N, C, H, W)` and the one that is made of the last."""
        return (*feats, cast("Tensor", self.bottleneck(feats[-1])))


def _enlarge(channels: int, out_channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, out_channels, 2, stride=2)
