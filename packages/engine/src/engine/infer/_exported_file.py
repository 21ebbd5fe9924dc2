"""Exported models, read again for predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from engine.checkpoint import CheckpointError, CheckpointNotFoundError
from engine.config import Config
from engine.model import BaseModel, without_pretrained
from engine.registry import MODELS

from ._networks import Network, OnnxNetwork, Pt2Network, read_onnx_meta, read_pt2_meta
from ._trained import TrainedModel

FILES = (".onnx", ".pt2")


class ExportedFile(TrainedModel):
    """A file that `export_model` wrote as a graph.

    Args:
        name: The file.
        trust: Whether a `.pt2` may be loaded, which can run code.

    Raises:
        CheckpointError: If there is no such file, or it is none of those, or needs trust.
    """

    def __init__(self, name: str | Path, *, trust: bool = False) -> None:
        path = Path(name)
        if not path.is_file():
            raise CheckpointNotFoundError(f"there is no exported model {path}")
        if path.suffix == ".pt2" and not trust:
            raise CheckpointError(
                f"{path} can run code when torch loads it. If you know who made it, trust it "
                "(open_trained(..., trust=True), --trust on the command line); a file of ONNX "
                "needs no trust"
            )
        self.name = self._path = path

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        """The metadata."""
        read = read_onnx_meta if self._path.suffix == ".onnx" else read_pt2_meta
        text = read(self._path)
        try:
            meta = json.loads(text or "")
        except (ValueError, RecursionError):
            meta = None
        if not isinstance(meta, dict):
            raise CheckpointError(f"{self} was not made by engine export: it has no metadata of it")
        return meta

    def read(self) -> dict[str, Any]:
        """Refuse to give weights, which are within the graph."""
        raise CheckpointError(f"{self} is an exported model; the weights are in its checkpoint")

    def build(self, cfg: Config, device: str | torch.device) -> BaseModel:
        """Return what predicts with the graph.

        Args:
            cfg: The config of the model, which makes the predictions of the graph's outputs.
            device: Where it runs.
        """
        kind = OnnxNetwork if self._path.suffix == ".onnx" else Pt2Network
        network = kind(self._path.read_bytes(), torch.device(device), self._path)
        model = cast("BaseModel", MODELS.build(without_pretrained(cfg["model"])))
        return ExportedModel(network, model.to("meta"), self.meta.get("input"))


class ExportedModel(BaseModel):
    """Predicts with a graph.

    Args:
        network: The graph.
        model: The model that was exported, which makes the predictions; it needs no weights.
        taken: What the metadata say of the input: its `shape` and `dtype`.
    """

    def __init__(self, network: Network, model: BaseModel, taken: Any = None) -> None:
        super().__init__()
        self._network = network
        self._predict = model.predict_outputs
        self._outputs = {*model.exported_outputs}
        known = taken if isinstance(taken, Mapping) else {}
        self._shape: Sequence[Any] = known.get("shape") or ("N", "C", "H", "W")
        dtype = getattr(torch, str(known.get("dtype")), None)
        self._dtype = dtype if isinstance(dtype, torch.dtype) else None

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Refuse; an exported model only predicts."""
        raise ValueError("an exported model only predicts; its checkpoint does the rest")

    def val_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each of its items."""
        batch = self.data_preprocessor(data)
        images, samples = batch["inputs"], batch.get("data_samples")
        images = [self._checked(each) for each in images]
        if len({each.shape for each in images}) == 1:
            return self._predict(self._run(torch.stack(images)), samples)
        alone = [
            self._predict(self._run(image[None]), samples and [samples[index]])
            for index, image in enumerate(images)
        ]
        return [prediction for each in alone for prediction in each]

    def _run(self, images: Tensor) -> dict[str, Tensor]:
        outputs = self._network(images)
        if missing := self._outputs - outputs.keys():
            raise CheckpointError(f"the exported model does not give {missing.pop()}")
        return outputs

    def _checked(self, image: Tensor) -> Tensor:
        """Return an image in the type that the graph takes."""
        wanted = self._shape[1:]
        fits = len(wanted) == image.ndim and all(
            isinstance(want, str) or want == have
            for want, have in zip(wanted, image.shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"the exported model takes images of {_told(wanted)}; the pipeline gives "
                f"{_told(image.shape)}. engine export --any-size makes one for all sizes, if the "
                "model can"
            )
        if self._dtype in (None, image.dtype):
            return image
        if not torch.can_cast(image.dtype, self._dtype):
            raise ValueError(
                f"the exported model takes images of {self._dtype}; the pipeline gives "
                f"{image.dtype}"
            )
        return image.to(self._dtype)


def _told(shape: Sequence[Any]) -> str:
    return "×".join(map(str, shape))
