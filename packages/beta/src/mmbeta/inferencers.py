"""Predictions for a user's own images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.config import Config
from engine.infer import BaseInferencer
from mmbeta.registry import DATASETS, INFERENCERS
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
    ) -> None:
        super().__init__(model, weights, device, scope)
        if color not in ("gray", "rgb"):
            raise ValueError(f"color of SegInferencer is 'gray' or 'rgb'; got {color!r}")
        self.color = color
        self.classes = Classes.of(_metainfo(self.cfg))

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image.

        Args:
            item: A file that Pillow reads, or a tensor `(C, H, W)` of uint8.
        """
        return {"inputs": self._read(item), "data_samples": SegDataSample()}

    def draw(self, item: str | Path | Tensor, prediction: SegDataSample) -> npt.NDArray[np.uint8]:
        """Lay the mask over the image."""
        return overlay(self._read(item), prediction.pred_sem_seg.data[0].cpu(), self.classes)

    def describe(self, prediction: SegDataSample) -> dict[str, Any]:
        """Say how much of the image each class covers, from 0 to 1."""
        found, counts = prediction.pred_sem_seg.data.cpu().unique(return_counts=True)
        total = counts.sum().item()
        shares = zip(found.tolist(), counts.tolist(), strict=True)
        return {str(self.classes.names[index]): round(n / total, 4) for index, n in shares}

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
