"""The base of all inferencers: from inputs as a user has them to results as a user wants them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from engine.config import Config
from engine.device import get_device
from engine.model import BaseModel
from engine.registry import DATASETS, MODELS, init_default_scope
from engine.runner import load_checkpoint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class BaseInferencer(ABC):
    """Predicts with a trained model.

    A subclass says how an input becomes a sample (`preprocess_one`), what a picture of a prediction
    looks like (`draw`), and what a user gets to know of it (`describe`).

    Args:
        model: The config of the run that trained the model: a file, or the config itself.
        weights: A checkpoint of that run; None leaves the weights as they begin.
        device: Where the model runs; None means the best device there is.
        scope: Where names are looked up; None means the default scope of the config.

    Raises:
        ConfigError: If the config can't be read.
        CheckpointError: If the checkpoint can't be read, or is of another model.
    """

    def __init__(
        self,
        model: str | Path | Config | Mapping[str, Any],
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
    ) -> None:
        self.cfg: Mapping[str, Any] = (
            Config.fromfile(model) if isinstance(model, (str, Path)) else model
        )
        init_default_scope(scope or self.cfg.get("default_scope", "engine"))
        self.device = torch.device(device or get_device())
        self.model = cast("BaseModel", MODELS.build(self.cfg["model"]))
        if weights is not None:
            load_checkpoint(self.model, weights, strict=True)
        self.model.to(self.device).eval()

    @property
    def dataset_meta(self) -> Mapping[str, Any]:
        """What is known about the data set of the config, which is not built for it.

        Raises:
            ValueError: If the config has no `test_dataloader.dataset`.
        """
        dataset = self.cfg.get("test_dataloader", {}).get("dataset")
        if dataset is None:
            raise ValueError("an inferencer needs test_dataloader.dataset, which names the classes")
        kind = dataset["type"]
        known: Any = DATASETS.start_of_build().get(kind) if isinstance(kind, str) else kind
        return {**getattr(known, "METAINFO", {}), **dataset.get("metainfo", {})}

    @abstractmethod
    def preprocess_one(self, item: Any) -> dict[str, Any]:
        """Return a sample as the test data has it: `inputs` and `data_samples`."""

    @abstractmethod
    def draw(self, item: Any, prediction: Any) -> npt.NDArray[np.uint8]:
        """Return a picture `(H, W, 3)` of an input and its prediction."""

    @abstractmethod
    def describe(self, prediction: Any) -> dict[str, Any]:
        """Return what there is to say of a prediction, as plain data."""

    def __call__(self, inputs: Any, batch_size: int = 1, visualize: bool = True) -> dict[str, Any]:
        """Predict.

        Args:
            inputs: One input, or a list of them.
            batch_size: How many are predicted at once.
            visualize: Whether to draw the predictions as well.

        Returns:
            `predictions`, a list of plain data, and `visualization`, a list of pictures, both in
            the order of the inputs.
        """
        items = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        predictions: list[Any] = []
        for start in range(0, len(items), batch_size):
            predictions += self.forward(self.preprocess(items[start : start + batch_size]))
        pictures = self.visualize(items, predictions) if visualize else []
        return self.postprocess(predictions, pictures)

    def preprocess(self, inputs: Sequence[Any]) -> dict[str, list[Any]]:
        """Return a batch of the inputs, as the test loader gives it."""
        samples = [self.preprocess_one(item) for item in inputs]
        return {key: [sample[key] for sample in samples] for key in samples[0]}

    @torch.no_grad()
    def forward(self, inputs: dict[str, list[Any]]) -> list[Any]:
        """Return the predictions for a batch."""
        return self.model.test_step(inputs)

    def visualize(self, inputs: Sequence[Any], preds: Sequence[Any]) -> list[npt.NDArray[np.uint8]]:
        """Return a picture of each input and its prediction."""
        return [self.draw(item, pred) for item, pred in zip(inputs, preds, strict=True)]

    def postprocess(
        self, preds: Sequence[Any], visualization: list[npt.NDArray[np.uint8]]
    ) -> dict[str, Any]:
        """Return what the user gets."""
        return {
            "predictions": [self.describe(prediction) for prediction in preds],
            "visualization": visualization,
        }
