"""Base class of inferencers whose inputs are images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from engine.config import Config
from engine.dataset import Compose
from engine.registry import TRANSFORMS

from ._image import Color, check_color, read_image
from ._inferencer import BaseInferencer


class ImageInferencer(BaseInferencer):
    """Predicts images: files, URLs, or tensors `(C, H, W)`.

    A subclass names the transforms of its library, and makes a sample of what a pipeline without a
    last step gives (`pack`).

    Args:
        model: As in `BaseInferencer`.
        weights: As in `BaseInferencer`.
        device: As in `BaseInferencer`.
        scope: As in `BaseInferencer`.
        color: Where no transform reads files, whether the model takes `'gray'` or `'rgb'` images;
            None keeps the channels of the file.
        pipeline: The transforms of an image. None means those of the test data.

    Attributes:
        reading: The transforms that read images.
        annotating: The transforms that read what an image to be predicted does not have; they are
            left out.

    Raises:
        ValueError: If `color` is none of those, or neither config nor checkpoint name the classes.
    """

    reading: ClassVar[tuple[type, ...]] = ()
    annotating: ClassVar[tuple[type, ...]] = ()

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
        name = type(self).__name__
        check_color(color, name)
        self.color: Color | None = color
        with self.in_scope():
            given: Any = self._init_pipeline(self.cfg) if pipeline is None else pipeline
            if not isinstance(given, Compose):
                given = Compose(given, TRANSFORMS.of_library(self))
        steps = [each for each in given.transforms if not isinstance(each, self.annotating)]
        self.pipeline = Compose(steps)
        self._reads = any(isinstance(each, self.reading) for each in steps)
        if not self.dataset_meta.get("classes"):
            raise ValueError(
                f"{name} needs the names of the classes: a checkpoint of a training that had them, "
                "or metainfo=dict(classes=[...]) of test_dataloader.dataset"
            )

    def read(self, item: str | Path | Tensor) -> Tensor:
        """Return an image `(C, H, W)`, where no transform reads it.

        Args:
            item: As in `preprocess_one`.
        """
        return read_image(item, self.color)

    @abstractmethod
    def pack(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return a sample as the model takes it.

        Args:
            results: What the pipeline gave, with `img`.
        """

    def preprocess_one(self, item: str | Path | Tensor) -> dict[str, Any]:
        """Read an image, and make of it what the model takes.

        Args:
            item: A file or URL that `engine.infer.read_image` reads, or a tensor `(C, H, W)`.

        Raises:
            ValueError: If the pipeline gives the image up.
        """
        results: dict[str, Any] = {} if isinstance(item, Tensor) else {"img_path": str(item)}
        if isinstance(item, Tensor) or not self._reads:
            results["img"] = self.read(item)
            results["ori_shape"] = tuple(results["img"].shape[-2:])
        sample: dict[str, Any] | None = self.pipeline(results)
        if sample is None:
            raise ValueError(f"the pipeline gives up {results.get('img_path', 'the image')}")
        return sample if "inputs" in sample else self.pack(sample)
