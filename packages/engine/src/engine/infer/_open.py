"""Opening of what holds a trained model, and of its config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.config import Config

from ._exported_file import FILES, ExportedFile
from ._pretrained_folder import PretrainedFolder, is_pretrained
from ._trained import TrainedModel

ModelConfig = str | Path | Config | Mapping[str, Any]


def open_trained(weights: str | Path | TrainedModel, *, trust: bool = False) -> TrainedModel:
    """Return what holds a trained model.

    Args:
        weights: A checkpoint, an exported file (`.onnx`, `.pt2`), or a folder of `save_pretrained`.
        trust: Whether a `.pt2` may be loaded, which can run code.

    Raises:
        CheckpointError: If there is none, or it can't be read.
    """
    if isinstance(weights, TrainedModel):
        return weights
    if is_pretrained(weights):
        return PretrainedFolder(weights)
    if Path(weights).suffix in FILES:
        return ExportedFile(weights, trust=trust)
    return TrainedModel(weights)


def config_of(
    model: ModelConfig | None, weights: str | Path | TrainedModel | None, *, trust: bool = False
) -> Config:
    """Return the config of a model.

    Args:
        model: The config, or its file.
        weights: What holds the trained model, as in `BaseInferencer`; its config is used if `model`
            is None.
        trust: Whether the config is trusted as code would be; that of a checkpoint does not run
            all the same.

    Raises:
        ValueError: If both are None.
        CheckpointError: If the checkpoint can't be read, or holds no config.
        ConfigError: If the config can't be read, or that of the checkpoint is more than data.
    """
    if isinstance(model, (str, Path)):
        return Config.fromfile(model, trust=trust)
    if model is not None:
        return model if isinstance(model, Config) else Config(model)
    if weights is None:
        raise ValueError("model, weights or both must be given")
    return open_trained(weights).config(trust)
