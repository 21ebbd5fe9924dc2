"""The head of UPerNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmbeta.models.decoders.upernet import UPerNetDecoder
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class UPerHead(DecoderHead):
    """The decoder of UPerNet, then a classifier of each pixel.

    Args:
        channels: As in `UPerNetDecoder`.
        pool_scales: As in `UPerNetDecoder`.
        in_index: As in `BaseDecodeHead`; the largest map first.
        **kwargs: The other arguments of `BaseDecodeHead`.
    """

    def __init__(
        self,
        channels: int = 512,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
        in_index: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(channels=channels, in_index=in_index, **kwargs)
        self.decoder: UPerNetDecoder = UPerNetDecoder(
            self.widths, channels, pool_scales, self.align_corners
        )
