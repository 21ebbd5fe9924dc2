"""Weights within a checkpoint."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ._file import CheckpointError, save_checkpoint
from ._read import read_checkpoint

ReviseKeys = Sequence[tuple[str, str]]
"""Pairs of a pattern and its replacement."""

WITHOUT_WRAPPER: ReviseKeys = ((r"^module\.", ""),)
"""Leave out what a wrapper puts in front of each key."""

_FACTS = ("epoch", "iter", "experiment_name", "engine_version")
_LARGE = ("state_dict", "ema_state_dict", "optimizer")


def weights_of(checkpoint: Mapping[str, Any], name: str | Path) -> Mapping[str, Any]:
    """Return the weights by key: what is under `state_dict`, or the checkpoint itself.

    Args:
        checkpoint: What was read.
        name: What errors call it.

    Raises:
        CheckpointError: If these are no weights by key.
    """
    weights = checkpoint.get("state_dict", checkpoint)
    if not isinstance(weights, Mapping):
        raise CheckpointError(f"{name} holds no weights by their names")
    return weights


def rename_keys(weights: Mapping[str, Any], revise_keys: ReviseKeys) -> dict[str, Any]:
    """Return weights by other keys, and the versions of modules in `_metadata` likewise.

    Args:
        weights: Weights by key.
        revise_keys: Pairs of a pattern and its replacement, applied to each key in turn.
    """
    renamed = OrderedDict(weights)
    # A name ends as it does in a key, so that the patterns fit it.
    versions: dict[str, Any] = {
        f"{name}." if name else "": each for name, each in _versions_of(weights).items()
    }
    for pattern, replacement in revise_keys:
        renamed = OrderedDict(
            (re.sub(pattern, replacement, key), value) for key, value in renamed.items()
        )
        versions = {re.sub(pattern, replacement, key): value for key, value in versions.items()}
    if versions:
        names = {key.removesuffix("."): value for key, value in versions.items()}
        renamed._metadata = names  # type: ignore[attr-defined]  # where torch keeps versions
    return renamed


def _versions_of(weights: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the versions of modules that came with weights, by the names of the modules."""
    versions = getattr(weights, "_metadata", None)
    return versions if isinstance(versions, Mapping) else {}


def clone_tensors(content: Any) -> Any:
    """Return what was read from a checkpoint with copies of its tensors, in place of mapped ones.

    Args:
        content: Tensors and plain data.
    """
    if isinstance(content, Tensor):
        return content.clone()
    if isinstance(content, Mapping):
        return {key: clone_tensors(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return type(content)([clone_tensors(value) for value in content])
    return content


def metadata_of(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a checkpoint holds beside weights and the optimizer, with copies of its tensors.

    Args:
        checkpoint: What was read; a state dict alone holds nothing beside.
    """
    if "state_dict" not in checkpoint:
        return {}
    return {key: clone_tensors(value) for key, value in checkpoint.items() if key not in _LARGE}


def export_weights(
    checkpoint: str | Path, filename: str | Path, meta: Mapping[str, Any] | None = None
) -> None:
    """Write the weights of a checkpoint, and a few facts about its training, to a file of its own.

    Args:
        checkpoint: The checkpoint.
        filename: Where they go; in the format of safetensors if the name ends in `.safetensors`,
            otherwise as a checkpoint.
        meta: More facts, plain data.

    Raises:
        CheckpointError: If the one can't be read, or the other can't be written.
    """
    content = read_checkpoint(checkpoint, mmap=True)
    facts = content.get("meta", {})
    kept = {key: facts[key] for key in _FACTS if key in facts} | dict(meta or {})
    save_checkpoint({"meta": kept, "state_dict": weights_of(content, checkpoint)}, filename)
