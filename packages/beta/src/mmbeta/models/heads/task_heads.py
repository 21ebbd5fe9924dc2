"""Decode heads of other tasks than segmentation: regression, and classes of whole images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.structures import PixelData
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample

from .decode_head import Part
from .named_head import NamedDecodeHead


@MODELS.register_module()
class PixelRegressionHead(NamedDecodeHead):
    """A decoder of any source, then numbers for each pixel: depth or biomass, for example.

    It learns from `gt_values` of the data samples, a `PixelData` `(num_outputs, H, W)` of floats,
    where NaN does not count, and predicts `pred_values`.

    Args:
        decoder: As in `NamedDecodeHead`.
        num_outputs: How many numbers a pixel has.
        loss: The loss, or several; None means `RegressionLoss`, the mean squared error.
        field: As in `BaseDecodeHead`.
        **kwargs: The other arguments of `NamedDecodeHead`.
    """

    def __init__(
        self,
        decoder: str | nn.Module,
        num_outputs: int = 1,
        loss: Part | Sequence[Part] | None = None,
        field: str = "values",
        **kwargs: Any,
    ) -> None:
        loss = dict(type="mmbeta.RegressionLoss") if loss is None else loss
        super().__init__(decoder, num_classes=num_outputs, loss=loss, field=field, **kwargs)

    def targets(self, samples: Sequence[SegDataSample], size: Sequence[int]) -> Tensor:
        """Return what a batch should be predicted as, `(N, num_outputs, H, W)` of float32.

        Raises:
            ValueError: If a data sample has no such numbers.
        """
        truths = [self._truth(each, size).float() for each in samples]
        if any(len(each) != self.num_classes for each in truths):
            raise ValueError(
                f"gt_{self.field} has {len(truths[0])} numbers for each pixel; num_outputs is "
                f"{self.num_classes}"
            )
        return torch.stack(truths)

    def predict(self, scores: Tensor, sample: SegDataSample) -> None:
        """Write the numbers `(num_outputs, H, W)` of an image to its data sample."""
        setattr(sample, f"pred_{self.field}", PixelData(data=self.restore(scores, sample)))


class PooledHead(NamedDecodeHead):
    """A decoder of any source, then numbers for the image as a whole, from the mean of its map.

    What it gives is `(N, num_classes, 1, 1)`: an image is a map of one pixel, so that the losses of
    pixels serve.
    """

    pools = True

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Turn maps `(N, C, H, W)` into `(N, num_classes, 1, 1)`."""
        decoded: Tensor = self.decoder(self.select(feats))
        return self.classify(decoded.mean((2, 3), keepdim=True))

    def logits(self, feats: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Do as `forward`, in float32."""
        return cast("Tensor", self(feats).float())

    def restore(self, scores: Tensor, sample: SegDataSample) -> Tensor:
        """Return the numbers as they are; an image has them in any size."""
        return scores

    def _values(self, sample: SegDataSample, count: int) -> Tensor:
        values = torch.as_tensor(self._field_of(sample)).reshape(-1)
        if len(values) != count:
            raise ValueError(f"gt_{self.field} has {count} for an image; got {len(values)}")
        return values.to(self.conv_seg.weight.device)


@MODELS.register_module()
class ImageClassificationHead(PooledHead):
    """A decoder of any source, then the class of the image.

    It learns from `gt_label` of the data samples, the index of a class, and predicts `pred_label`,
    `(1,)`, and `pred_score`, the probabilities `(num_classes,)`.

    Args:
        decoder: As in `NamedDecodeHead`.
        num_classes: How many classes there are, at least 2.
        field: As in `BaseDecodeHead`.
        **kwargs: The other arguments of `NamedDecodeHead`.

    Raises:
        ValueError: If there are fewer classes.
    """

    def __init__(
        self, decoder: str | nn.Module, num_classes: int, field: str = "label", **kwargs: Any
    ) -> None:
        if num_classes < 2:
            raise ValueError(f"num_classes of an image is at least 2; got {num_classes}")
        super().__init__(decoder, num_classes=num_classes, field=field, **kwargs)

    def targets(self, samples: Sequence[SegDataSample], size: Sequence[int]) -> Tensor:
        """Return the class of each image, `(N, 1, 1)` of int64."""
        labels = [self._values(each, 1) for each in samples]
        return torch.cat(labels).long().reshape(-1, 1, 1)

    def predict(self, scores: Tensor, sample: SegDataSample) -> None:
        """Write the class of an image to its data sample, from logits `(num_classes, 1, 1)`."""
        logits = scores.flatten()
        setattr(sample, f"pred_{self.field}", logits.argmax(0, keepdim=True))
        score = "score" if self.field == "label" else f"{self.field}_score"
        setattr(sample, f"pred_{score}", logits.softmax(0))


@MODELS.register_module()
class ScalarRegressionHead(PooledHead):
    """A decoder of any source, then numbers for the image.

    It learns from `gt_value` of the data samples, `(num_outputs,)` of floats, where NaN does not
    count, and predicts `pred_value`.

    Args:
        decoder: As in `NamedDecodeHead`.
        num_outputs: How many numbers an image has.
        loss: As in `PixelRegressionHead`.
        field: As in `BaseDecodeHead`.
        **kwargs: The other arguments of `NamedDecodeHead`.
    """

    def __init__(
        self,
        decoder: str | nn.Module,
        num_outputs: int = 1,
        loss: Part | Sequence[Part] | None = None,
        field: str = "value",
        **kwargs: Any,
    ) -> None:
        loss = dict(type="mmbeta.RegressionLoss") if loss is None else loss
        super().__init__(decoder, num_classes=num_outputs, loss=loss, field=field, **kwargs)

    def targets(self, samples: Sequence[SegDataSample], size: Sequence[int]) -> Tensor:
        """Return the numbers of each image, `(N, num_outputs, 1, 1)` of float32."""
        values = [self._values(each, self.num_classes) for each in samples]
        return torch.stack(values).float()[..., None, None]

    def predict(self, scores: Tensor, sample: SegDataSample) -> None:
        """Write the numbers `(num_outputs, 1, 1)` of an image to its data sample."""
        setattr(sample, f"pred_{self.field}", scores.flatten())


HEADS: Mapping[str, type[NamedDecodeHead]] = {
    "segmentation": NamedDecodeHead,
    "regression": PixelRegressionHead,
    "classification": ImageClassificationHead,
    "scalar_regression": ScalarRegressionHead,
}
"""The head of each task."""
