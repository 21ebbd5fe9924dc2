"""Weights in the safetensors format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import torch
from torch import Tensor

SUFFIX = ".safetensors"


def write_safetensors(checkpoint: Mapping[str, Any], file: IO[bytes]) -> None:
    """Write the weights of a checkpoint.

    Args:
        checkpoint: `state_dict`, or a state dict itself, and `meta`, plain data.
        file: A new file that has a name.

    Raises:
        ValueError: If it holds more than that.
    """
    weights = checkpoint.get("state_dict", checkpoint)
    more = [key for key in checkpoint if key not in ("state_dict", "meta")]
    if weights is not checkpoint and more:
        raise ValueError(
            f"a file of safetensors holds weights alone; the checkpoint has {', '.join(more)} too"
        )
    if others := [key for key, value in weights.items() if not isinstance(value, Tensor)]:
        raise ValueError(f"a file of safetensors holds tensors alone, not {', '.join(others)}")
    meta = {"meta": json.dumps(checkpoint["meta"])} if "meta" in checkpoint else {}
    # By the name: what goes through Python is copied.
    require_safetensors().torch.save_file(_separate(weights), file.name, {"format": "pt", **meta})


def read_safetensors(path: Path, map_location: str | torch.device | None) -> dict[str, Any]:
    """Return `state_dict`, and `meta` where the file has it.

    Args:
        path: The file.
        map_location: The device to which the tensors go.

    Raises:
        ValueError: If it is no such file.
    """
    library = require_safetensors()
    try:
        with library.safe_open(path, framework="pt", device=str(map_location or "cpu")) as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # no mapping
            meta = (file.metadata() or {}).get("meta")
    except library.SafetensorError as error:
        raise ValueError(str(error)) from error
    return (
        {"state_dict": weights}
        if meta is None
        else {"state_dict": weights, "meta": json.loads(meta)}
    )


def _separate(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous weights that share no memory, as the format requires."""
    seen: set[int] = set()
    result = {}
    for key, value in weights.items():
        address = value.untyped_storage().data_ptr()
        result[key] = value.clone() if address in seen else value
        result[key] = result[key].contiguous()
        seen.add(address)
    return result


def require_safetensors() -> ModuleType:
    """Return the package.

    Raises:
        ImportError: If it is missing.
    """
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            "files of safetensors need the package safetensors: pip install 'engine[safetensors]'"
        ) from error
    return safetensors
