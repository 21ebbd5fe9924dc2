"""Checkpoints: plain data and tensors, written whole or not at all."""

from __future__ import annotations

import io
import logging
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor, nn

from engine.fileio import atomic_write, exists, get, get_text
from engine.logging import get_logger
from engine.model import unwrapped
from engine.utils import is_url


class CheckpointError(RuntimeError):
    """A checkpoint can't be read, or does not fit the model; the text names the file."""


def save_checkpoint(checkpoint: Mapping[str, Any], filename: str | Path) -> None:
    """Write a checkpoint; a kill at any moment leaves the former file whole.

    Args:
        checkpoint: Tensors and plain data.
        filename: The file.
    """
    Path(filename).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(filename) as file:
        torch.save(dict(checkpoint), file)


def read_checkpoint(
    filename: str | Path, map_location: str | torch.device | None = "cpu"
) -> dict[str, Any]:
    """Return what a checkpoint holds; nothing in it is executed.

    Args:
        filename: The file, or a URL for fsspec.
        map_location: The device to which its tensors go.

    Raises:
        CheckpointError: If there is no such file, it was cut short, or it is no checkpoint.
    """
    with _opened(filename) as file:
        try:
            content = torch.load(file, map_location=map_location, weights_only=True)
        except pickle.UnpicklingError as error:
            raise CheckpointError(
                f"{filename} is not a checkpoint, or holds more than tensors and plain data"
            ) from error
        except (RuntimeError, EOFError, ValueError, OSError) as error:
            raise CheckpointError(f"{filename} is not a checkpoint, or was cut short") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{filename} holds {type(content).__name__}, not a dictionary")
    return content


def _opened(filename: str | Path) -> IO[bytes]:
    try:
        if is_url(filename):
            return io.BytesIO(get(filename))
        return Path(filename).open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise CheckpointError(f"there is no checkpoint {filename}") from None


def load_checkpoint(
    model: nn.Module,
    filename: str | Path,
    map_location: str | torch.device | None = "cpu",
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: Sequence[tuple[str, str]] = ((r"^module\.", ""),),
) -> dict[str, Any]:
    """Load the weights of a checkpoint into a model.

    Args:
        model: The model.
        filename: The file; its weights are under `state_dict`, or it is a state dict itself.
        map_location: The device to which its tensors go.
        strict: Whether the weights must fit the model exactly.
        logger: Where differences are reported; None means that of the engine.
        revise_keys: Pairs of a pattern and its replacement, applied to each key in turn.

    Returns:
        All that the checkpoint holds.

    Raises:
        CheckpointError: If the file can't be read, or its weights don't fit.
    """
    checkpoint = read_checkpoint(filename, map_location)
    state = checkpoint.get("state_dict", checkpoint)
    for pattern, replacement in revise_keys:
        state = {re.sub(pattern, replacement, key): value for key, value in state.items()}
    try:
        load_state_dict(model, state, strict, logger)
    except CheckpointError as error:
        raise CheckpointError(f"{filename}: {error}") from None
    return checkpoint


def load_state_dict(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    strict: bool = False,
    logger: logging.Logger | None = None,
) -> None:
    """Load weights into a module, wrapped or not.

    Args:
        module: The module.
        state_dict: Tensors by key.
        strict: Whether they must fit exactly; if not, the differences are logged as a warning.
        logger: Where differences are reported; None means that of the engine.

    Raises:
        CheckpointError: If they differ and `strict` is set, or if nothing fits at all.
    """
    model = unwrapped(module)
    own = model.state_dict()
    misshaped = {
        key: (tuple(value.shape), tuple(own[key].shape))
        for key, value in state_dict.items()
        if key in own and isinstance(value, Tensor) and value.shape != own[key].shape
    }
    fitting = {key: value for key, value in state_dict.items() if key in own.keys() - misshaped}
    report = _differences(own, state_dict, misshaped)
    if report and (strict or not fitting):
        raise CheckpointError(f"the weights are not those of {type(model).__name__}\n  {report}")
    if report:
        (logger or get_logger()).warning("The weights don't fit the model whole:\n  %s", report)
    model.load_state_dict(fitting, strict=False)


def find_latest_checkpoint(path: str | Path) -> str | None:
    """Return the checkpoint that was saved last in a work directory, or None.

    Args:
        path: The work directory, in whose file `last_checkpoint` the name stands.
    """
    pointer = Path(path) / "last_checkpoint"
    if not exists(pointer):
        return None
    name = get_text(pointer).strip()
    return name if is_url(name) else str(Path(path) / name)


def _differences(
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]],
) -> str:
    lines = [
        _listed("missing", [key for key in own if key not in given]),
        _listed("unexpected", [key for key in given if key not in own]),
        _listed("other shape", [f"{key} {a}, not {b}" for key, (a, b) in misshaped.items()]),
    ]
    return "\n  ".join(line for line in lines if line)


def _listed(title: str, keys: Sequence[str], most: int = 4) -> str:
    if not keys:
        return ""
    more = f", and {len(keys) - most} more" if len(keys) > most else ""
    return f"{title} ({len(keys)}): {', '.join(keys[:most])}{more}"
