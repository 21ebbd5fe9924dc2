"""Predictions for a user's own images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from engine.config import Config
from engine.infer import BaseInferencer, read_image
from engine.visualization import Visualizer
from mmalpha.registry import INFERENCERS
from mmalpha.structures import DataSample

_SIDE = 224  # pixels, the least side of a picture
_LINE = 32  # pixels, the height of the line of text


@INFERENCERS.register_module()
class ClsInferencer(BaseInferencer):
    """Finds the class of an image.

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: Whether the model takes `'gray'` or `'rgb'` images.
        size: Height and width that the model takes, in pixels; None means any.

    Raises:
        ValueError: If `color` is neither, or the config does not say which data set was learned.
    """

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any],
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Literal["gray", "rgb"] = "rgb",
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(model, weights, device, scope)
        if color not in ("gray", "rgb"):
            raise ValueError(f"color of ClsInferencer is 'gray' or 'rgb'; got {color!r}")
        self.color = color
        self.size = size
        self.classes = self.dataset_meta["classes"]

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image, and bring it to the size that the model takes.

        Args:
            item: A file that Pillow reads, or a tensor `(C, H, W)` of uint8.
        """
        image = read_image(item, self.color)
        if self.size is not None and image.shape[-2:] != tuple(self.size):
            image = functional.interpolate(
                image[None], tuple(self.size), mode="bilinear", antialias=True
            )[0]
        return {"inputs": image, "data_samples": DataSample()}

    def draw(self, item: str | Path | Tensor, prediction: DataSample) -> npt.NDArray[np.uint8]:
        """Write the class and its score below the image."""
        pixels = read_image(item, self.color).permute(1, 2, 0).numpy()
        factor = max(1, -(-_SIDE // min(pixels.shape[:2])))
        picture = (
            np.broadcast_to(pixels, (*pixels.shape[:2], 3)).repeat(factor, 0).repeat(factor, 1)
        )
        framed = np.pad(picture, ((0, _LINE), (0, 0), (0, 0)), constant_values=255)
        told = self.describe(prediction)
        visualizer = Visualizer(image=framed)
        visualizer.draw_texts(
            f"{told['class']}  {100 * told['score']:.1f} %",
            np.array([_LINE / 4, framed.shape[0] - _LINE / 2]),
            colors=(40, 40, 40),
            vertical_alignments="center_baseline",
        )
        return visualizer.get_image()

    def describe(self, prediction: DataSample) -> dict[str, Any]:
        """Say which class it is, and how probable, from 0 to 1."""
        label = int(prediction.pred_label)
        return {
            "class": str(self.classes[label]),
            "score": round(prediction.pred_score[label].item(), 4),
        }
