"""What all decode heads share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.model import BaseModule
from engine.structures import PixelData
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample


class BaseDecodeHead(BaseModule, ABC):
    """From feature maps to the class of each pixel.

    A subclass writes `forward`, which ends with `classify`.

    Args:
        in_channels: Channels of the maps that `in_index` chooses, one number for each.
        channels: Channels of what `classify` takes.
        num_classes: How many classes there are, background included.
        in_index: The map to take from the backbone, or several: they are brought to the size of
            the first and joined.
        dropout_ratio: The probability with which a channel is dropped before the classifier.
        align_corners: As in `torch.nn.functional.interpolate`.
        loss_decode: The config of the loss; None means cross entropy.
        init_cfg: As in `BaseModule`; None means the initialisation of He et al. A small one for the
            classifier would let the network see nothing but background for its first epochs.

    Raises:
        ValueError: If `in_channels` does not fit `in_index`.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        num_classes: int,
        in_index: int | Sequence[int] = -1,
        dropout_ratio: float = 0.1,
        align_corners: bool = False,
        loss_decode: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(dict(type="Kaiming", layer="Conv2d") if init_cfg is None else init_cfg)
        self.in_index = _listed(in_index)
        widths = _listed(in_channels)
        if len(widths) != len(self.in_index):
            raise ValueError(
                f"in_channels has one number for each map of in_index {self.in_index}; got {widths}"
            )
        self.in_channels = sum(widths)
        self.num_classes = num_classes
        self.align_corners = align_corners
        self.loss_decode = MODELS.build(loss_decode or dict(type="CrossEntropyLoss"))
        self.dropout = nn.Dropout2d(dropout_ratio)
        self.conv_seg = nn.Conv2d(channels, num_classes, 1)

    @abstractmethod
    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level of the backbone.

        Returns:
            Logits `(N, num_classes, H', W')`, in the size of the first map chosen.
        """

    def joined(self, feats: Sequence[Tensor]) -> Tensor:
        """Return the maps that `in_index` chooses as one, `(N, in_channels, H', W')`."""
        chosen = [feats[index] for index in self.in_index]
        size = chosen[0].shape[-2:]
        return torch.cat([chosen[0], *(self.resized(each, size) for each in chosen[1:])], 1)

    def classify(self, feat: Tensor) -> Tensor:
        """Turn `(N, channels, H, W)` into logits `(N, num_classes, H, W)`."""
        return cast("Tensor", self.conv_seg(self.dropout(feat)))

    def resized(self, maps: Tensor, size: Sequence[int]) -> Tensor:
        """Bring maps `(N, C, H, W)` to another height and width."""
        return functional.interpolate(
            maps, list(size), mode="bilinear", align_corners=self.align_corners
        )

    def logits(self, feats: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Score the classes of each pixel of the image.

        Args:
            feats: As in `forward`.
            size: Height and width of the image.

        Returns:
            Logits `(N, num_classes, H, W)` of float32.
        """
        return self.resized(self(feats).float(), size)

    def loss(
        self, feats: Sequence[Tensor], data_samples: Sequence[SegDataSample], size: Sequence[int]
    ) -> dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            feats: As in `forward`.
            data_samples: N data samples with their `gt_sem_seg`.
            size: Height and width of the images.

        Raises:
            ValueError: If a mask does not have the size of the images.
        """
        masks = [sample.gt_sem_seg.data for sample in data_samples]
        for mask in masks:
            if mask.shape != (1, *size):
                raise ValueError(
                    f"a mask has the size of the images of its batch, {tuple(size)}; "
                    f"got {tuple(mask.shape[-2:])}"
                )
        return {"loss": self.loss_decode(self.logits(feats, size), torch.cat(masks).long())}

    def predict(
        self,
        feats: Sequence[Tensor],
        data_samples: Sequence[SegDataSample] | None,
        size: Sequence[int],
    ) -> list[SegDataSample]:
        """Predict the masks of a batch.

        Args:
            feats: As in `forward`.
            data_samples: N data samples to write the predictions to; None makes new ones. Where
                `img_shape` says that an image was smaller before it was padded, so is its mask.
            size: Height and width of the images.

        Returns:
            N data samples with `pred_sem_seg`.
        """
        masks = self.logits(feats, size).argmax(1, keepdim=True)
        samples = [SegDataSample() for _ in masks] if data_samples is None else list(data_samples)
        for sample, mask in zip(samples, masks, strict=True):
            height, width = sample.get("img_shape", size)
            sample.pred_sem_seg = PixelData(data=mask[:, :height, :width])
        return samples


def _listed(value: int | Sequence[int]) -> list[int]:
    return [value] if isinstance(value, int) else list(value)
