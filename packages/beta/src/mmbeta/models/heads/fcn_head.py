"""The head of a fully convolutional network."""

from __future__ import annotations

from typing import Any

from mmbeta.models.decoders.fcn import FCNDecoder
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class FCNHead(DecoderHead):
    """Convolutions on the maps that `in_index` chooses, then a classifier of each pixel.

    Several maps are brought to the size of the first and joined. As an auxiliary head it needs one.

    Args:
        channels: Channels of the convolutions.
        num_convs: As in `FCNDecoder`.
        kernel_size: As in `FCNDecoder`.
        **kwargs: The other arguments of `BaseDecodeHead`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self, channels: int, num_convs: int = 2, kernel_size: int = 3, **kwargs: Any
    ) -> None:
        super().__init__(channels=channels, **kwargs)
        everything = range(len(self.widths))
        self.decoder: FCNDecoder = FCNDecoder(
            self.widths, channels, num_convs, kernel_size, everything, self.align_corners
        )
