"""Inference on a user's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.config import Config
from engine.infer import Color, Explained, ImageInferencer, index_of, read_image
from mmbeta.datasets import (
    LoadAnnotations,
    LoadGeoTiff,
    LoadGeoTiffAnnotations,
    LoadImageFromFile,
)
from mmbeta.registry import INFERENCERS
from mmbeta.structures import SegDataSample
from mmbeta.visualization import Classes, overlay, titled


@INFERENCERS.register_module()
class SegInferencer(ImageInferencer):
    """Finds the class of each pixel of an image.

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: As in `ImageInferencer`.
        pipeline: The transforms of an image. None means those of the test data, the reading
            included and that of masks left out, so that an image is predicted as in a test. A mask
            is brought back to the size that the image had before them.

    Raises:
        ValueError: If `color` is none of those, or neither config nor checkpoint name the classes.
    """

    reading: ClassVar[tuple[type, ...]] = (LoadImageFromFile, LoadGeoTiff)
    annotating: ClassVar[tuple[type, ...]] = (LoadAnnotations, LoadGeoTiffAnnotations)

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Color | None = None,
        pipeline: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(model, weights, device, scope, color, pipeline)
        self.classes: Classes = Classes.of(self.dataset_meta)

    def pack(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the image with a data sample that knows its first size."""
        meta = {key: results[key] for key in ("ori_shape",) if key in results}
        return {"inputs": results["img"], "data_samples": SegDataSample(metainfo=meta)}

    def draw(self, item: str | Path | Tensor, prediction: SegDataSample) -> npt.NDArray[np.uint8]:
        """Lay the mask over the image."""
        return overlay(read_image(item), prediction.pred_sem_seg.data[0].cpu(), self.classes)

    def explained(self, output: Tensor, target: str | None) -> Explained:
        """Return the sum of the logits of a class, over the pixels that are predicted as it.

        By default it is the class of most pixels, and `background` only where there is no other.
        Of a class that is predicted nowhere, all pixels count.
        """
        model: Any = self.model
        labels = model.decode_head.labels(output)[0]
        names = [str(name) for name in self.classes.names]
        if target is None:
            counts = labels.flatten().bincount(minlength=len(names))
            others = [n for n in counts.argsort(descending=True).tolist() if counts[n]]
            index = next((n for n in others if names[n] != "background"), others[0])
        else:
            index = index_of(target, names)
        where = labels == index
        where = where if where.any() else torch.ones_like(where)
        if len(output) == 1:  # the logit of the class 1 against the class 0
            sign = 1 if index else -1
            return Explained(names[index], lambda logits: sign * logits[0][where].sum())
        return Explained(names[index], lambda logits: logits[index][where].sum())

    def draw_explained(
        self, picture: npt.NDArray[np.uint8], prediction: SegDataSample, name: str
    ) -> npt.NDArray[np.uint8]:
        """Write the explained class below the image."""
        return titled(picture, name)

    def describe(self, prediction: SegDataSample) -> dict[str, Any]:
        """Say how much of the image each class covers, from 0 to 1."""
        found, counts = prediction.pred_sem_seg.data.cpu().unique(return_counts=True)
        total = counts.sum().item()
        shares = zip(found.tolist(), counts.tolist(), strict=True)
        return {str(self.classes.names[index]): round(n / total, 4) for index, n in shares}
