"""Layers shared by decoders."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


def conv_norm(
    in_channels: int,
    channels: int,
    kernel_size: int = 1,
    dilation: int = 1,
    separable: bool = False,
) -> nn.Sequential:
    """Return a convolution that keeps the size, with a normalization and a ReLU.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out.
        kernel_size: Its size in pixels, odd.
        dilation: The distance between the pixels that it sees.
        separable: Whether it is two convolutions in turn, one in each channel and one of 1×1 across
            them, each with a normalization and a ReLU (Chollet, 2017).
    """
    if not separable:
        return nn.Sequential(*_layers(in_channels, channels, kernel_size, dilation))
    return nn.Sequential(
        *_layers(in_channels, in_channels, kernel_size, dilation, groups=in_channels),
        *_layers(in_channels, channels),
    )


def conv_stack(in_channels: int, channels: int, count: int, kernel_size: int = 3) -> nn.Sequential:
    """Return convolutions in a row, each with a normalization and a ReLU, that keep the size.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out of each convolution.
        count: How many convolutions there are.
        kernel_size: Their size in pixels, odd.
    """
    widths = [in_channels, *[channels] * count]
    return nn.Sequential(
        *(
            layer
            for before, after in pairwise(widths)
            for layer in conv_norm(before, after, kernel_size)
        )
    )


def resize(maps: Tensor, size: Sequence[int], align_corners: bool = False) -> Tensor:
    """Bring maps `(N, C, H, W)` to another height and width.

    Args:
        maps: The maps.
        size: Height and width, in pixels.
        align_corners: As in `torch.nn.functional.interpolate`.
    """
    return functional.interpolate(maps, list(size), mode="bilinear", align_corners=align_corners)


def concat_maps(maps: Sequence[Tensor], align_corners: bool = False) -> Tensor:
    """Join maps `(N, C, H, W)` along their channels, in the size of the first.

    Args:
        maps: The maps.
        align_corners: As in `torch.nn.functional.interpolate`.
    """
    first, *others = maps
    size = first.shape[-2:]
    return torch.cat([first, *(resize(each, size, align_corners) for each in others)], 1)


class PooledContext(nn.Module):
    """What the parts of a map have in common: its means over a grid, each in the size of the map.

    Args:
        in_channels: Channels of the map.
        channels: Channels that each grid gives.
        scales: Of each grid, the number of its rows and columns.
        align_corners: As in `torch.nn.functional.interpolate`.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        scales: Sequence[int],
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.grids: nn.ModuleList = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), *conv_norm(in_channels, channels))
            for scale in scales
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Turn a map `(N, in_channels, H, W)` into one of `channels` for each grid.

        Raises:
            ValueError: If a single image is to be normalized by its mean over a grid of 1.
        """
        size = x.shape[-2:]
        if self.training and len(x) == 1 and any(map(_needs_more, self.grids)):
            raise ValueError(
                "the mean over the whole map can't be normalized in a training batch of 1 image: "
                "set batch_size to 2 or more, and drop_last=True of train_dataloader if the last "
                "batch is the one"
            )
        return [resize(cast("Tensor", grid(x)), size, self.align_corners) for grid in self.grids]


def _needs_more(grid: nn.Module) -> bool:
    """Tell whether a grid gives one value for each channel of an image, and normalizes it."""
    pool, _, norm, *_ = grid.children()
    is_normalizing = type(norm) is nn.BatchNorm2d and norm.training
    return is_normalizing and getattr(pool, "output_size", None) == 1


def _layers(
    in_channels: int, channels: int, kernel_size: int = 1, dilation: int = 1, groups: int = 1
) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(
        in_channels,
        channels,
        kernel_size,
        padding=dilation * (kernel_size // 2),
        dilation=dilation,
        groups=groups,
        bias=False,
    )
    return conv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
