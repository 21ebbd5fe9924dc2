"""Names of checkpoints that MMEngine knows by a scheme, such as `open-mmlab://name`.

No table of model names of other libraries is kept: a user may have one in
`$MMENGINE_HOME/open_mmlab.json`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from engine.checkpoint import CheckpointError, CheckpointLoader
from engine.fileio import load
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


CheckpointLoader.register_scheme(_OPENMMLAB, load_from_openmmlab, force=True)
CheckpointLoader.register_scheme("modelzoo://", load_from_torchvision, force=True)
CheckpointLoader.register_scheme(_MMCLS, load_from_mmcls, force=True)
