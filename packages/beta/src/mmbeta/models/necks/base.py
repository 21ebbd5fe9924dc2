"""Base class of necks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class Neck(nn.Module, ABC):
    """What brings the features of a backbone into the form that a decoder takes.

    Args:
        channel_list: Channels of each tensor of features that comes in.

    Attributes:
        out_channels: Channels of each that goes out, by which the next neck or the decoder is
            sized; those that come in, unless a subclass says otherwise.
    """

    def __init__(self, channel_list: Sequence[int]) -> None:
        super().__init__()
        self.out_channels: list[int] = list(channel_list)

    @abstractmethod
    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Turn the features of a backbone into others, one tensor for each of `out_channels`."""
