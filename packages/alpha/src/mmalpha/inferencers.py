"""Inference on a user's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from engine.config import Config
from engine.dataset import Compose
from engine.infer import BaseInferencer, read_image
from engine.visualization import Visualizer
from mmalpha.registry import INFERENCERS, TRANSFORMS
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
        size: Height and width to which an image is brought, in pixels; None leaves it as it is.
        pipeline: Transforms of `img` behind that, as in the pipeline of the test data.
        threshold: None is for images of one class, and says which it is. A number is for images of
            several, and says all whose score is at least so much.

    Raises:
        ValueError: If `color` is neither, or the config does not name the classes.
    """

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Literal["gray", "rgb"] = "rgb",
        size: tuple[int, int] | None = None,
        pipeline: Sequence[Mapping[str, Any]] = (),
        threshold: float | None = None,
    ) -> None:
        super().__init__(model, weights, device, scope)
        if color not in ("gray", "rgb"):
            raise ValueError(f"color of ClsInferencer is 'gray' or 'rgb'; got {color!r}")
        self.color = color
        self.size = size
        with self.in_scope():
            self.pipeline = Compose(pipeline, TRANSFORMS)
        self.threshold = threshold
        self.classes: Sequence[str] = self.dataset_meta.get("classes", ())
        if not self.classes:
            raise ValueError(
                "ClsInferencer needs the names of the classes: metainfo=dict(classes=[...]) of "
                "test_dataloader.dataset"
            )

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image, and make of it what the model takes.

        Args:
            item: A file that Pillow reads, or a tensor `(C, H, W)` of uint8.
        """
        image = read_image(item, self.color)
        if self.size is not None and image.shape[-2:] != tuple(self.size):
            image = functional.interpolate(
                image[None], tuple(self.size), mode="bilinear", antialias=True
            )[0]
        return {"inputs": self.pipeline({"img": image})["img"], "data_samples": DataSample()}

    def draw(self, item: str | Path | Tensor, prediction: DataSample) -> npt.NDArray[np.uint8]:
        """Write the classes and their scores below the image."""
        pixels = read_image(item, self.color).permute(1, 2, 0).numpy()
        factor = max(1, -(-_SIDE // min(pixels.shape[:2])))
        picture = (
            np.broadcast_to(pixels, (*pixels.shape[:2], 3)).repeat(factor, 0).repeat(factor, 1)
        )
        framed = np.pad(picture, ((0, _LINE), (0, 0), (0, 0)), constant_values=255)
        text = ", ".join(f"{name}  {100 * score:.1f} %" for name, score in self._chosen(prediction))
        visualizer = Visualizer(image=framed)
        visualizer.draw_texts(
            text or "no class",
            np.array([_LINE / 4, framed.shape[0] - _LINE / 2]),
            colors=(40, 40, 40),
            vertical_alignments="center_baseline",
        )
        return visualizer.get_image()

    def describe(self, prediction: DataSample) -> dict[str, Any]:
        """Say which class it is, and how probable, from 0 to 1; or all classes that there are."""
        chosen = self._chosen(prediction)
        if self.threshold is not None:
            return {"classes": [name for name, _ in chosen], "scores": [each for _, each in chosen]}
        ((name, score),) = chosen
        return {"class": name, "score": score}

    def _chosen(self, prediction: DataSample) -> list[tuple[str, float]]:
        """Return the names and scores of the classes to tell of, the most probable first."""
        scores, labels = prediction.pred_score.sort(descending=True, stable=True)
        count = 1 if self.threshold is None else int((scores >= self.threshold).sum())
        return [
            (str(self.classes[label]), round(score, 4))
            for score, label in zip(scores[:count].tolist(), labels[:count].tolist(), strict=True)
        ]
