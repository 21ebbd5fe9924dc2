"""Functions that MMEngine has in `runner.checkpoint`, over those of the engine.

Nothing in a checkpoint is executed, and no table of model names of other libraries is kept: a user
may have one in `$MMENGINE_HOME/open_mmlab.json`.
"""

from __future__ import annotations

import logging
import os
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
    rename_keys,
    weights_of,
)
from engine.fileio import load
from engine.model import load_state_dict
from engine.utils import did_you_mean, is_url

Location = str | torch.device | None

ENV_MMENGINE_HOME = "MMENGINE_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
DEFAULT_CACHE_DIR = "~/.cache"

_OPENMMLAB = ("open-mmlab://", "openmmlab://")
_MMCLS = "mmcls://"


def _get_mmengine_home() -> str:
    """Return the folder of a user's table of models, which need not be there."""
    cache = os.getenv(ENV_XDG_CACHE_HOME, DEFAULT_CACHE_DIR)
    return str(Path(os.getenv(ENV_MMENGINE_HOME, f"{cache}/mmengine")).expanduser())


def get_external_models() -> dict[str, str]:
    """Return the URLs of weights by the name of the model, from the table of the user."""
    file = Path(_get_mmengine_home()) / "open_mmlab.json"
    return dict(load(file)) if file.is_file() else {}


def get_mmcls_models() -> dict[str, str]:
    """Return nothing: the engine knows no model of a library."""
    return {}


def get_deprecated_model_names() -> dict[str, str]:
    """Return nothing: the engine knows no model of a library."""
    return {}


def load_from_local(filename: str | Path, map_location: Location = None) -> dict[str, Any]:
    """Read a local checkpoint.

    Args:
        filename: The file.
        map_location: The device to which its tensors go; None means that where they were saved.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it can't be read.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {filename}")
    return read_checkpoint(path, map_location)


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


def load_from_torchvision(filename: str, map_location: Location = None) -> dict[str, Any]:
    """Read the weights that torchvision has for a model.

    Args:
        filename: `torchvision://<model>`, or `modelzoo://<model>`, as it was called once.
        map_location: The device to which its tensors go.

    Raises:
        CheckpointError: If there are none.
    """
    model = filename.removeprefix("modelzoo://").removeprefix("torchvision://")
    return CheckpointLoader.load_checkpoint(f"torchvision://{model}", map_location)


def load_from_openmmlab(filename: str, map_location: Location = None) -> dict[str, Any]:
    """Read the weights of a model that the user's table names.

    Args:
        filename: `open-mmlab://<model>`.
        map_location: The device to which its tensors go.

    Raises:
        CheckpointError: If the table does not have it.
    """
    model, known = filename, get_external_models()
    for prefix in _OPENMMLAB:
        model = model.removeprefix(prefix)
    if model not in known:
        table = Path(_get_mmengine_home()) / "open_mmlab.json"
        raise CheckpointError(
            f"{filename} names no file: give the URL or the file of the weights, or write it under "
            f"{model!r} into {table}{did_you_mean(model, known)}"
        )
    place = known[model]
    is_elsewhere = is_url(place) or Path(place).is_absolute()
    name = place if is_elsewhere else str(Path(_get_mmengine_home()) / place)
    return CheckpointLoader.load_checkpoint(name, map_location)


def load_from_mmcls(filename: str, map_location: Location = None) -> dict[str, Any]:
    """Refuse: the engine knows no model of a library.

    Args:
        filename: `mmcls://<model>`.
        map_location: Not used.

    Raises:
        CheckpointError: In any case.
    """
    raise CheckpointError(f"{filename} names no file: give the URL or the file of the weights")


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
    weights = rename_keys(weights_of(checkpoint, "the checkpoint"), revise_keys)
    load_state_dict(model, weights, strict, logger)
    return checkpoint


CheckpointLoader.register_scheme(_OPENMMLAB, load_from_openmmlab, force=True)
CheckpointLoader.register_scheme("modelzoo://", load_from_torchvision, force=True)
CheckpointLoader.register_scheme(_MMCLS, load_from_mmcls, force=True)
