"""Base class of decode heads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.model import BaseModule
from engine.structures import PixelData
from mmbeta.models.layers import concat_maps, resize
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample

Part = Mapping[str, Any] | nn.Module

_INIT = dict(type="engine.Kaiming", layer="Conv2d")


class BaseDecodeHead(BaseModule, ABC):
    """From feature maps to the class of each pixel.

    A subclass writes `forward`, which ends with `classify`.

    Args:
        channels: Channels of what `classify` takes.
        num_classes: How many classes there are, background included. 1 means binary segmentation
            with one logit for each pixel, that of the class 1 against the class 0: the dataset
            names two classes.
        threshold: With one logit, the probability from which on a pixel is of the class 1.
        in_channels: Channels of the maps that `in_index` chooses, one number for each; None where
            they follow from `map_channels`.
        in_index: The map to take from the backbone, or several; None means all.
        map_channels: Channels of all maps of the backbone. An `EncoderDecoder` says them where its
            backbone does and the config of the head has no `in_channels`.
        dropout_ratio: The probability with which a channel is dropped before the classifier.
        align_corners: As in `torch.nn.functional.interpolate`.
        loss: The loss, or several whose sum counts, each a config or a module; None means cross
            entropy.
        field: What the head learns from and predicts: `gt_` and `pred_` with this name behind, of
            the data sample.
        init_cfg: As in `BaseModule`; None means the initialization of He et al. A small one for the
            classifier would let the network see nothing but background for its first epochs.

    Attributes:
        widths: Channels of each map that `in_index` chooses.

    Raises:
        ValueError: If `in_channels` does not fit `in_index`, or nothing says the channels, or two
            losses have one name, or `num_classes` or `threshold` is out of its range.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        in_channels: int | Sequence[int] | None = None,
        in_index: int | Sequence[int] | None = -1,
        map_channels: Sequence[int] | None = None,
        dropout_ratio: float = 0.1,
        align_corners: bool = False,
        loss: Part | Sequence[Part] | None = None,
        threshold: float = 0.5,
        field: str = "sem_seg",
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            dict(type="engine.Kaiming", layer="Conv2d") if init_cfg is None else init_cfg
        )
        self.in_index: list[int]
        self.widths: list[int]
        self.in_index, self.widths = self._chosen(in_channels, in_index, map_channels)
        self.in_channels: int = sum(self.widths)
        if num_classes < 1:
            raise ValueError(f"num_classes is at least 1; got {num_classes}")
        if not 0 < threshold < 1:
            raise ValueError(f"threshold is a probability between 0 and 1; got {threshold}")
        self.num_classes = num_classes
        self.threshold = threshold
        self.align_corners = align_corners
        self.field = field
        given = loss or dict(type="mmbeta.CrossEntropyLoss")
        configs = [given] if isinstance(given, Mapping | nn.Module) else given
        self.losses: nn.ModuleList = nn.ModuleList(
            each if isinstance(each, nn.Module) else MODELS.build(each) for each in configs
        )
        self._loss_names = self._name_losses(self.losses)
        self.dropout: nn.Dropout2d = nn.Dropout2d(dropout_ratio)
        self.conv_seg: nn.Conv2d = nn.Conv2d(channels, num_classes, 1)

    @abstractmethod
    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level of the backbone.

        Returns:
            Logits `(N, num_classes, H', W')`.
        """

    def select(self, feats: Sequence[Tensor]) -> list[Tensor]:
        """Return the maps that `in_index` chooses."""
        return [feats[index] for index in self.in_index]

    def concat(self, feats: Sequence[Tensor]) -> Tensor:
        """Return the maps that `in_index` chooses as one, `(N, in_channels, H', W')`.

        They are brought to the size of the first.
        """
        return concat_maps(self.select(feats), self.align_corners)

    def classify(self, feat: Tensor) -> Tensor:
        """Turn `(N, channels, H, W)` into logits `(N, num_classes, H, W)`."""
        return cast("Tensor", self.conv_seg(self.dropout(feat)))

    def logits(self, feats: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Score the classes of each pixel of the image.

        Args:
            feats: As in `forward`.
            size: Height and width of the image.

        Returns:
            Logits `(N, num_classes, H, W)` of float32.
        """
        return resize(self(feats).float(), size, self.align_corners)

    def loss(self, logits: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            logits: As `logits` gives them.
            target: The class of each pixel, `(N, H, W)` of int64.

        Returns:
            `loss`, or where there are several, each by its `loss_name`.
        """
        values = (loss(logits, target) for loss in self.losses)
        return dict(zip(self._loss_names, values, strict=True))

    def labels(self, scores: Tensor) -> Tensor:
        """Return the class of each pixel, `(1, H, W)` of int64.

        Args:
            scores: Logits of an image, `(num_classes, H, W)`.
        """
        if len(scores) == 1:
            return (scores.sigmoid() >= self.threshold).long()
        return scores.argmax(0, keepdim=True)

    def targets(self, samples: Sequence[SegDataSample], size: Sequence[int]) -> Tensor:
        """Return what a batch should be predicted as: the class of each pixel, `(N, H, W)`.

        Args:
            samples: N data samples.
            size: Height and width of the images.

        Raises:
            ValueError: If a mask does not have that size, or there is none.
        """
        return torch.cat([self._truth(each, size) for each in samples]).long()

    def predict(self, scores: Tensor, sample: SegDataSample) -> None:
        """Write the prediction for an image to its data sample.

        Args:
            scores: Logits `(num_classes, H, W)`.
            sample: The data sample.
        """
        setattr(
            sample, f"pred_{self.field}", PixelData(data=self.labels(self.restore(scores, sample)))
        )

    def restore(self, scores: Tensor, sample: SegDataSample) -> Tensor:
        """Bring what was computed for each pixel to the size that an image had at first.

        Args:
            scores: `(C, H, W)`.
            sample: The data sample of the image, with its `img_shape` before it was padded, and its
                `ori_shape` before it was resized, where they are known.
        """
        height, width = sample.get("img_shape", scores.shape[-2:])
        scores = scores[:, :height, :width]
        first = tuple(sample.get("ori_shape", scores.shape[-2:]))
        return scores if scores.shape[-2:] == first else resize(scores[None], first)[0]

    def _truth(self, sample: SegDataSample, size: Sequence[int]) -> Tensor:
        """Return what the data sample has for each pixel, `(C, H, W)`."""
        mask: Tensor = self._field_of(sample).data
        if mask.shape[-2:] != tuple(size):
            raise ValueError(
                f"a mask has the size of the images of its batch, {tuple(size)}; "
                f"got {tuple(mask.shape[-2:])}"
            )
        return mask

    def _field_of(self, sample: SegDataSample) -> Any:
        if f"gt_{self.field}" not in sample:
            raise ValueError(f"{type(self).__name__} learns from gt_{self.field}, which is missing")
        return getattr(sample, f"gt_{self.field}")

    @classmethod
    def _chosen(
        cls,
        in_channels: int | Sequence[int] | None,
        in_index: int | Sequence[int] | None,
        map_channels: Sequence[int] | None,
    ) -> tuple[list[int], list[int]]:
        """Return which maps are taken, and the channels of each."""
        widths = map_channels if in_channels is None else _as_list(in_channels)
        if widths is None:
            raise ValueError(
                f"{cls.__name__} needs in_channels, since its backbone does not tell the "
                "channels of its maps in a list `out_channels`"
            )
        indices = list(range(len(widths))) if in_index is None else _as_list(in_index)
        if in_channels is None:
            try:
                return indices, [widths[index] for index in indices]
            except IndexError:
                raise ValueError(
                    f"in_index {indices} names a map that the backbone does not give; "
                    f"it gives {len(widths)}"
                ) from None
        if len(widths) != len(indices):
            raise ValueError(
                f"in_channels has one number for each map of in_index {indices}; got {list(widths)}"
            )
        return indices, list(widths)

    def _name_losses(self, losses: nn.ModuleList) -> list[str]:
        if len(losses) == 1:
            return ["loss"]
        names = [str(getattr(loss, "loss_name", f"loss_{type(loss).__name__}")) for loss in losses]
        if len({*names}) < len(names):
            raise ValueError(
                f"each loss of {type(self).__name__} needs a loss_name of its own; got {names}"
            )
        return names


class DecoderHead(BaseDecodeHead):
    """A decoder and a classifier of each pixel; a subclass sets `decoder` in its constructor."""

    decoder: nn.Module
    """What turns the maps that `in_index` chooses into one, `(N, channels, H', W')`."""

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Maps `(N, C, H, W)`, one tensor for each level of the backbone.

        Returns:
            Logits `(N, num_classes, H', W')`, in the size of the decoder's map.
        """
        return self.classify(cast("Tensor", self.decoder(self.select(feats))))


def _as_list(value: int | Sequence[int]) -> list[int]:
    return [value] if isinstance(value, int) else list(value)
