"""Functions that MMEngine has in `runner.checkpoint`, over those of the engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    ReviseKeys,
    read_checkpoint,
    weights_of,
)
from engine.runner import load_weights

from ._schemes import Location


def load_from_local(filename: str | Path, map_location: Location = None) -> dict[str, Any]:
    """Read a local checkpoint.

    Args:
        filename: The file.
        map_location: The device to which its tensors go; None means that where they were saved.

    Raises:
        CheckpointNotFoundError: If there is no such file; a `FileNotFoundError`.
        CheckpointError: If it can't be read.
    """
    return read_checkpoint(Path(filename).expanduser(), map_location)


def load_from_http(
    filename: str,
    map_location: Location = None,
    model_dir: str | Path | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Download a checkpoint once, and read it.

    Args:
        filename: Its URL.
        map_location: The device to which its tensors go; None means that where they were saved.
        model_dir: The folder for it; None means one for the URL in torch's cache.
        progress: Whether to show a bar, where `model_dir` is given.

    Raises:
        CheckpointError: If it can't be read.
    """
    if model_dir is None:
        return CheckpointLoader.load_checkpoint(filename, map_location)
    file = Path(model_dir) / filename.partition("?")[0].rpartition("/")[2]
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(filename, str(file), progress=progress)
        except OSError as error:
            raise CheckpointError(f"{filename} could not be downloaded: {error}") from error
    return read_checkpoint(file, map_location)


def _process_mmcls_checkpoint(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of the backbone of a classifier as a checkpoint of their own."""
    return {"state_dict": _part(checkpoint, "backbone.", "the checkpoint")}


def _load_checkpoint(
    filename: str | Path,
    map_location: Location = None,
    logger: logging.Logger | None = None,
) -> dict[str, Any]:
    """Read a checkpoint; see `CheckpointLoader.load_checkpoint`."""
    return CheckpointLoader.load_checkpoint(filename, map_location)


def _load_checkpoint_with_prefix(
    prefix: str, filename: str | Path, map_location: Location = None
) -> dict[str, Any]:
    """Return the weights of a part of a model.

    Args:
        prefix: The name of the part.
        filename: The checkpoint.
        map_location: The device to which its tensors go.

    Raises:
        CheckpointError: If the checkpoint has no such part.
    """
    prefix = prefix if prefix.endswith(".") else f"{prefix}."
    return _part(CheckpointLoader.load_checkpoint(filename, map_location), prefix, filename)


def _part(checkpoint: Mapping[str, Any], prefix: str, name: str | Path) -> dict[str, Any]:
    weights = weights_of(checkpoint, name)
    part = {
        key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)
    }
    if not part:
        there = ", ".join(sorted({key.partition(".")[0] for key in weights}))
        raise CheckpointError(f"{name} has nothing under {prefix!r}; there is {there}")
    return part


def _load_checkpoint_to_model(
    model: nn.Module,
    checkpoint: dict[str, Any],
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: ReviseKeys = WITHOUT_WRAPPER,
) -> dict[str, Any]:
    """Load the weights of a checkpoint that was read, and return it; see `load_checkpoint`."""
    load_weights(model, checkpoint, "the checkpoint", strict, logger, revise_keys)
    return checkpoint
