"""The head of SegFormer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmbeta.models.decoders.segformer import SegformerDecoder
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class SegformerHead(DecoderHead):
    """The decoder of SegFormer, then a classifier of each pixel.

    Args:
        channels: As in `SegformerDecoder`.
        in_index: As in `BaseDecodeHead`; the largest map first.
        **kwargs: The other arguments of `BaseDecodeHead`.
    """

    def __init__(
        self, channels: int = 256, in_index: Sequence[int] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(channels=channels, in_index=in_index, **kwargs)
        self.decoder: SegformerDecoder = SegformerDecoder(self.widths, channels, self.align_corners)
