"""Predictions for a user's own images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.config import Config
from engine.infer import BaseInferencer
from engine.visualization import Visualizer
from mmalpha.registry import DATASETS, INFERENCERS
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
        self.classes = _metainfo(self.cfg)["classes"]

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image, and bring it to the size that the model takes.

        Args:
            item: A file that Pillow reads, or a tensor `(C, H, W)` of uint8.
        """
        image = self._read(item)
        if self.size is not None and image.shape[-2:] != tuple(self.size):
            image = functional.interpolate(
                image[None], tuple(self.size), mode="bilinear", antialias=True
            )[0]
        return {"inputs": image, "data_samples": DataSample()}

    def draw(self, item: str | Path | Tensor, prediction: DataSample) -> npt.NDArray[np.uint8]:
        """Write the class and its score below the image."""
        pixels = self._read(item).permute(1, 2, 0).numpy()
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

    def _read(self, item: str | Path | Tensor) -> Tensor:
        return item if isinstance(item, Tensor) else _decode(item, self.color)


def _decode(path: str | Path, color: str) -> Tensor:
    from PIL import Image, UnidentifiedImageError  # deferred: only a prediction needs it

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no image {path}")
    try:
        with Image.open(path) as image:
            pixels = np.array(image.convert("L" if color == "gray" else "RGB"))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is no image of a kind that Pillow reads") from error
    except OSError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1)


def _metainfo(cfg: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known about the data set of a config, without building it."""
    dataset = cfg.get("test_dataloader", {}).get("dataset")
    if dataset is None:
        raise ValueError("an inferencer needs test_dataloader.dataset, which names the classes")
    kind = dataset["type"]
    known: Any = DATASETS.get(kind) if isinstance(kind, str) else kind
    return {**getattr(known, "METAINFO", {}), **dataset.get("metainfo", {})}
