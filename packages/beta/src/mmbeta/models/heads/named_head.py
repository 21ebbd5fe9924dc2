"""Decoders from `DECODER_REGISTRY` as decode heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from engine.registry import DECODER_REGISTRY
from mmbeta.registry import MODELS

from .decode_head import BaseDecodeHead


@MODELS.register_module()
class NamedDecodeHead(BaseDecodeHead):
    """A decoder of any source, then a classifier of each pixel.

    Args:
        decoder: A name in `DECODER_REGISTRY`, with or without the prefix of its source.
        in_channels: Channels of each map of the backbone, which the decoder takes first.
        num_classes: As in `BaseDecodeHead`.
        decoder_args: The other arguments of the decoder.
        dropout_ratio: As in `BaseDecodeHead`.
        align_corners: As in `BaseDecodeHead`.
        loss_decode: As in `BaseDecodeHead`.

    Raises:
        NotRegisteredError: If no source has the name.
    """

    def __init__(
        self,
        decoder: str,
        in_channels: Sequence[int],
        num_classes: int,
        decoder_args: Mapping[str, Any] | None = None,
        dropout_ratio: float = 0.1,
        align_corners: bool = False,
        loss_decode: Mapping[str, Any] | None = None,
    ) -> None:
        made: Any = DECODER_REGISTRY.build(decoder, list(in_channels), **(decoder_args or {}))
        super().__init__(
            in_channels=in_channels,
            channels=made.out_channels,
            num_classes=num_classes,
            in_index=range(len(in_channels)),
            dropout_ratio=dropout_ratio,
            align_corners=align_corners,
            loss_decode=loss_decode,
        )
        self.decoder: nn.Module = made

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level of the backbone.

        Returns:
            Logits `(N, num_classes, H', W')`, in the size of the decoder's map.
        """
        return self.classify(cast("Tensor", self.decoder(feats)))
