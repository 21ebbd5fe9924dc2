"""Weights in the format of safetensors, which holds tensors and nothing else."""

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
        file: The file.

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
    file.write(_library().save(_separate(weights), {"format": "pt", **meta}))


def read_safetensors(
    source: Path | bytes, map_location: str | torch.device | None
) -> dict[str, Any]:
    """Return `state_dict`, and `meta` where the file has it.

    Args:
        source: A file, or what one holds.
        map_location: The device to which the tensors go.

    Raises:
        ValueError: If it is no such file.
    """
    library = _library()
    device = str(map_location or "cpu")
    if isinstance(source, bytes):
        weights = library.load(source)
        return {"state_dict": {key: value.to(device) for key, value in weights.items()}}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(source, framework="pt", device=device) as file:
            content: dict[str, Any] = {
                "state_dict": {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no mapping
            }
            meta = (file.metadata() or {}).get("meta")
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return content if meta is None else {**content, "meta": json.loads(meta)}


def _separate(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous weights of which no two share memory, as the format wants them."""
    seen: set[int] = set()
    result = {}
    for key, value in weights.items():
        address = value.untyped_storage().data_ptr()
        result[key] = value.clone() if address in seen else value
        result[key] = result[key].contiguous()
        seen.add(address)
    return result


def _library() -> ModuleType:
    try:
        from safetensors import torch as library
    except ImportError as error:
        raise ImportError(
            "files of safetensors need the package safetensors: pip install 'engine[safetensors]'"
        ) from error
    return library
