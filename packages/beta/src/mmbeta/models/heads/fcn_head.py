"""The head of a fully convolutional network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from mmbeta.models.layers import conv_stack
from mmbeta.registry import MODELS

from .decode_head import BaseDecodeHead


@MODELS.register_module()
class FCNHead(BaseDecodeHead):
    """Convolutions, then a classifier of each pixel.

    Fully Convolutional Networks for Semantic Segmentation, Long et al., 2015,
    https://arxiv.org/abs/1411.4038.

    Args:
        in_channels: As in `BaseDecodeHead`.
        channels: Channels of the convolutions.
        num_classes: As in `BaseDecodeHead`.
        num_convs: How many convolutions stand before the classifier, at least 1.
        kernel_size: Their size in pixels, odd.
        in_index: As in `BaseDecodeHead`.
        dropout_ratio: As in `BaseDecodeHead`.
        align_corners: As in `BaseDecodeHead`.
        loss_decode: As in `BaseDecodeHead`.
        init_cfg: As in `BaseDecodeHead`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        num_classes: int,
        num_convs: int = 2,
        kernel_size: int = 3,
        in_index: int | Sequence[int] = -1,
        dropout_ratio: float = 0.1,
        align_corners: bool = False,
        loss_decode: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            channels=channels,
            num_classes=num_classes,
            in_index=in_index,
            dropout_ratio=dropout_ratio,
            align_corners=align_corners,
            loss_decode=loss_decode,
            init_cfg=init_cfg,
        )
        if num_convs < 1:
            raise ValueError(f"num_convs of FCNHead is at least 1; got {num_convs}")
        if kernel_size % 2 != 1:
            raise ValueError(f"kernel_size of FCNHead is odd; got {kernel_size}")
        self.convs = conv_stack(self.in_channels, channels, num_convs, kernel_size)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level of the backbone.

        Returns:
            Logits `(N, num_classes, H', W')`, in the size of the first map chosen.
        """
        return self.classify(self.convs(self.joined(feats)))
