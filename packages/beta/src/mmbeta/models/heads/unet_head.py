"""The head of U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmbeta.models.decoders.unet import UNetDecoder
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class UNetHead(DecoderHead):
    """The decoder of U-Net, then a classifier of each pixel.

    Args:
        channels: As in `UNetDecoder`.
        num_convs: As in `UNetDecoder`.
        in_index: As in `BaseDecodeHead`; the largest map first.
        **kwargs: The other arguments of `BaseDecodeHead`.
    """

    def __init__(
        self,
        channels: int = 64,
        num_convs: int = 2,
        in_index: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(channels=channels, in_index=in_index, **kwargs)
        self.decoder: UNetDecoder = UNetDecoder(
            self.widths, channels, num_convs, self.align_corners
        )
