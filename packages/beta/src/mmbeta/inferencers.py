"""Inference on a user's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from engine.config import Config
from engine.dataset import Compose
from engine.infer import BaseInferencer, read_image
from mmbeta.registry import INFERENCERS, TRANSFORMS
from mmbeta.structures import SegDataSample
from mmbeta.visualization import Classes, overlay


@INFERENCERS.register_module()
class SegInferencer(BaseInferencer):
    """Finds the class of each pixel of an image.

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: Whether the model takes `'gray'` or `'rgb'` images.
        pipeline: Transforms of `img`, as in the pipeline of the test data; a mask is brought back
            to the size that the image had before them.

    Raises:
        ValueError: If `color` is neither, or the config does not say which dataset was learned.
    """

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Literal["gray", "rgb"] = "rgb",
        pipeline: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(model, weights, device, scope)
        if color not in ("gray", "rgb"):
            raise ValueError(f"color of SegInferencer is 'gray' or 'rgb'; got {color!r}")
        self.color = color
        with self.in_scope():
            self.pipeline = Compose(pipeline, TRANSFORMS)
        self.classes = Classes.of(self.dataset_meta)

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image.

        Args:
            item: A file that Pillow reads, or a tensor `(C, H, W)` of uint8.
        """
        image = read_image(item, self.color)
        sample = SegDataSample(metainfo=dict(ori_shape=tuple(image.shape[-2:])))
        return {"inputs": self.pipeline({"img": image})["img"], "data_samples": sample}

    def draw(self, item: str | Path | Tensor, prediction: SegDataSample) -> npt.NDArray[np.uint8]:
        """Lay the mask over the image."""
        return overlay(
            read_image(item, self.color), prediction.pred_sem_seg.data[0].cpu(), self.classes
        )

    def describe(self, prediction: SegDataSample) -> dict[str, Any]:
        """Say how much of the image each class covers, from 0 to 1."""
        found, counts = prediction.pred_sem_seg.data.cpu().unique(return_counts=True)
        total = counts.sum().item()
        shares = zip(found.tolist(), counts.tolist(), strict=True)
        return {str(self.classes.names[index]): round(n / total, 4) for index, n in shares}
