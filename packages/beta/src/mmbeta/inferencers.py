"""Inference on a user's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.config import Config
from engine.dataset import Compose
from engine.infer import BaseInferencer, Color, Explained, check_color, index_of, read_image
from mmbeta.datasets import LoadAnnotations, LoadImageFromFile
from mmbeta.registry import INFERENCERS, TRANSFORMS
from mmbeta.structures import SegDataSample
from mmbeta.visualization import Classes, overlay, titled


@INFERENCERS.register_module()
class SegInferencer(BaseInferencer):
    """Finds the class of each pixel of an image.

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: Where no transform reads files, whether the model takes `'gray'` or `'rgb'` images;
            None keeps the channels of the file.
        pipeline: The transforms of an image. None means those of the test data, the reading
            included and that of masks left out, so that an image is predicted as in a test. A mask
            is brought back to the size that the image had before them.

    Raises:
        ValueError: If `color` is none of those, or neither config nor checkpoint name the classes.
    """

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        color: Color | None = None,
        pipeline: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(model, weights, device, scope)
        check_color(color, "SegInferencer")
        self.color: Color | None = color
        with self.in_scope():
            given: Any = self._init_pipeline(self.cfg) if pipeline is None else pipeline
            made = given if isinstance(given, Compose) else Compose(given, TRANSFORMS)
        transforms = [each for each in made.transforms if not isinstance(each, LoadAnnotations)]
        self.pipeline = Compose(transforms)
        self._reads = any(isinstance(each, LoadImageFromFile) for each in transforms)
        meta = self.dataset_meta
        if not meta.get("classes"):
            raise ValueError(
                "SegInferencer needs the names of the classes: a checkpoint of a training that had "
                "them, or metainfo=dict(classes=[...]) of test_dataloader.dataset"
            )
        self.classes = Classes.of(meta)

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image.

        Args:
            item: A file or URL that `engine.infer.read_image` reads, or a tensor `(C, H, W)`.

        Raises:
            ValueError: If the pipeline gives the image up.
        """
        results: dict[str, Any] = {} if isinstance(item, Tensor) else {"img_path": str(item)}
        if isinstance(item, Tensor) or not self._reads:
            results["img"] = read_image(item, self.color)
            results["ori_shape"] = tuple(results["img"].shape[-2:])
        sample: dict[str, Any] | None = self.pipeline(results)
        if sample is None:
            raise ValueError(f"the pipeline gives up {results.get('img_path', 'the image')}")
        if "inputs" in sample:
            return sample
        meta = {key: sample[key] for key in ("ori_shape",) if key in sample}
        return {"inputs": sample["img"], "data_samples": SegDataSample(metainfo=meta)}

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
