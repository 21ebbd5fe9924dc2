"""Inference on a user's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from engine.config import Config
from engine.infer import (
    Color,
    Explained,
    ImageInferencer,
    index_of,
    read_image,
    resize_image,
    to_rgb,
)
from engine.visualization import Visualizer
from mmalpha.datasets import LoadImageFromFile
from mmalpha.registry import INFERENCERS
from mmalpha.structures import DataSample

_SIDE = 224  # pixels, the least side of an image
_LINE = 32  # pixels, the height of the line of text


@INFERENCERS.register_module()
class ClsInferencer(ImageInferencer):
    """Finds the class of an image.

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: As in `ImageInferencer`.
        size: Where no transform reads files, height and width to which an image is brought, in
            pixels; None leaves it as it is.
        pipeline: The transforms of an image. None means those of the test data, the reading
            included, so that an image is predicted as in a test.
        threshold: None is for images of one class, and says which it is. A number is for images of
            several, and says all whose score is at least so much.

    Raises:
        ValueError: If `color` is none of those, or neither config nor checkpoint name the classes.
    """

    reading: ClassVar[tuple[type, ...]] = (LoadImageFromFile,)

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Color | None = None,
        size: tuple[int, int] | None = None,
        pipeline: Sequence[Mapping[str, Any]] | None = None,
        threshold: float | None = None,
    ) -> None:
        super().__init__(model, weights, device, scope, color, pipeline)
        self.size = size
        self.threshold = threshold
        self.classes: Sequence[str] = self.dataset_meta["classes"]

    def read(self, item: str | Path | Tensor) -> Tensor:
        """Return an image in the size that the model takes, where no transform reads it."""
        image = super().read(item)
        if self.size is None or image.shape[-2:] == tuple(self.size):
            return image
        return resize_image(image, self.size)

    def pack(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the image with an empty data sample."""
        return {"inputs": results["img"], "data_samples": DataSample()}

    def draw(self, item: str | Path | Tensor, prediction: DataSample) -> npt.NDArray[np.uint8]:
        """Write the classes and their scores below the image."""
        text = ", ".join(f"{name}  {100 * score:.1f} %" for name, score in self._chosen(prediction))
        return _write_below(to_rgb(read_image(item)), text or "no class")

    def explained(self, output: Tensor, target: str | None) -> Explained:
        """Return the logit of a class, by default of the most probable one."""
        index = int(output.argmax()) if target is None else index_of(target, self.classes)
        return Explained(str(self.classes[index]), lambda logits: logits[index])

    def draw_explained(
        self, picture: npt.NDArray[np.uint8], prediction: DataSample, name: str
    ) -> npt.NDArray[np.uint8]:
        """Write the explained class and its score below the image."""
        score = float(prediction.pred_score[index_of(name, self.classes)])
        return _write_below(picture, f"{name}  {100 * score:.1f} %")

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


def _write_below(pixels: npt.NDArray[np.uint8], text: str) -> npt.NDArray[np.uint8]:
    """Write a line below an image, which is enlarged if it is small."""
    factor = max(1, -(-_SIDE // min(pixels.shape[:2])))
    picture = pixels.repeat(factor, 0).repeat(factor, 1)
    framed = np.pad(picture, ((0, _LINE), (0, 0), (0, 0)), constant_values=255)
    visualizer = Visualizer(image=framed)
    visualizer.draw_texts(
        text,
        np.array([_LINE / 4, framed.shape[0] - _LINE / 2]),
        colors=(40, 40, 40),
        vertical_alignments="center_baseline",
    )
    return visualizer.get_image()
