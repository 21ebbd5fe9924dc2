"""Layers that several parts share."""

from __future__ import annotations

from torch import nn


def conv_stack(in_channels: int, channels: int, count: int, kernel_size: int = 3) -> nn.Sequential:
    """Return convolutions in a row, each with a normalisation and a ReLU, that keep the size.

    Args:
        in_channels: Channels that come in.
        channels: Channels that go out of each convolution.
        count: How many convolutions there are.
        kernel_size: Their size in pixels, odd.
    """
    layers: list[nn.Module] = []
    for index in range(count):
        width = channels if index else in_channels
        layers += [
            nn.Conv2d(width, channels, kernel_size, padding=kernel_size // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
