"""Opening of what holds a trained model."""

from __future__ import annotations

from pathlib import Path

from ._exported_file import FILES, ExportedFile
from ._pretrained_folder import PretrainedFolder, is_pretrained
from ._trained import TrainedModel


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
