"""The head of DeepLabV3+."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmbeta.models.decoders.deeplab import DeepLabV3PlusDecoder
from mmbeta.registry import MODELS

from .decode_head import DecoderHead


@MODELS.register_module()
class DeepLabV3PlusHead(DecoderHead):
    """The decoder of DeepLabV3+, then a classifier of each pixel.

    Args:
        channels: As in `DeepLabV3PlusDecoder`.
        low_channels: As in `DeepLabV3PlusDecoder`.
        dilations: As in `DeepLabV3PlusDecoder`.
        separable: As in `DeepLabV3PlusDecoder`.
        in_index: As in `BaseDecodeHead`: the map that sharpens, and the one that is understood.
        **kwargs: The other arguments of `BaseDecodeHead`.
    """

    def __init__(
        self,
        channels: int = 256,
        low_channels: int = 48,
        dilations: Sequence[int] = (1, 12, 24, 36),
        separable: bool = True,
        in_index: Sequence[int] | None = (0, -1),
        **kwargs: Any,
    ) -> None:
        super().__init__(channels=channels, in_index=in_index, **kwargs)
        self.decoder: DeepLabV3PlusDecoder = DeepLabV3PlusDecoder(
            self.widths, channels, low_channels, dilations, separable, self.align_corners
        )
