"""Which checkpoint a run begins with, and how its weights get into a model."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    ReviseKeys,
    facts_of,
    revised,
    weights_of,
)
from engine.fileio import exists, get_text
from engine.logging import get_logger
from engine.model import load_state_dict
from engine.utils import is_url

_LONGEST = 200  # characters of a name in an error


def load_checkpoint(
    model: nn.Module,
    filename: str | Path,
    map_location: str | torch.device | None = None,
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: ReviseKeys = WITHOUT_WRAPPER,
) -> dict[str, Any]:
    """Load the weights of a checkpoint into a model.

    Args:
        model: The model.
        filename: The file or URL; its weights are under `state_dict`, or it is a state dict itself.
        map_location: The device on which it is read; None means that of its tensors.
        strict: Whether the weights must fit the model exactly.
        logger: Where differences are reported; None means that of the engine.
        revise_keys: Pairs of a pattern and its replacement, applied to each key in turn.

    Returns:
        What the checkpoint holds beside weights and the state of an optimizer.

    Raises:
        CheckpointError: If the file can't be read, or its weights don't fit.
    """
    checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, mmap=True)
    load_weights(model, checkpoint, filename, strict, logger, revise_keys)
    return facts_of(checkpoint)


def load_weights(
    model: nn.Module,
    checkpoint: Mapping[str, Any],
    filename: str | Path,
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: ReviseKeys = WITHOUT_WRAPPER,
) -> None:
    """Load the weights of a checkpoint that was read into a model; see `load_checkpoint`."""
    weights = revised(weights_of(checkpoint, filename), revise_keys)
    try:
        load_state_dict(model, weights, strict, logger)
    except CheckpointError as error:
        raise CheckpointError(f"{filename}: {error}") from None


def find_latest_checkpoint(path: str | Path, out_dirs: Sequence[str | Path] = ()) -> str | None:
    """Return the checkpoint that was saved last in a work directory, or None.

    Args:
        path: The work directory, in whose file `last_checkpoint` the name stands.
        out_dirs: The folders or URLs below which it may be elsewhere: the `out_dir` of a
            `CheckpointHook`.

    Raises:
        CheckpointError: If the file names anything else, since it may come from somebody else.
    """
    pointer = Path(path) / "last_checkpoint"
    if not exists(pointer):
        return None
    try:
        name = get_text(pointer).strip()
        found = name if is_url(name) else str(Path(path) / name)
        if any(_is_below(found, folder) for folder in (path, *out_dirs)):
            return found
        told = repr(name if len(name) < _LONGEST else f"{name[:_LONGEST]}...")
    except ValueError:  # no text, or a character that no name has
        told = "no name of a file"
    raise CheckpointError(
        f"{pointer} holds {told}: what may stand there is a checkpoint in this folder, or one "
        "below the out_dir of the run's CheckpointHook; load_from names any other"
    )


def _is_below(name: str, folder: str | Path) -> bool:
    """Return whether a file is in a folder or below it, links being followed."""
    if is_url(name) or is_url(folder):
        start, rest = f"{str(folder).rstrip('/')}/", name.removeprefix(f"{folder}".rstrip("/"))
        steps = rest.replace("\\", "/").split("/")
        return name.startswith(start) and ".." not in steps and "::" not in rest
    return Path(os.path.realpath(name)).is_relative_to(os.path.realpath(folder))


def newest_training(path: str | Path, out_dirs: Sequence[str | Path] = ()) -> str | None:
    """Return the newest checkpoint in a work directory with which a training can go on.

    That is the one that was saved last. Where it can't be read, a warning says so, and the newest
    one beside it that can be is taken.

    Args:
        path: The work directory.
        out_dirs: As for `find_latest_checkpoint`.

    Returns:
        Its name, or None if there is no checkpoint.

    Raises:
        CheckpointError: If none can be read, or the file that names it names what it may not.
    """
    latest = find_latest_checkpoint(path, out_dirs)
    if latest is None:
        return None
    first_error: CheckpointError | None = None
    for name in [latest, *_older(latest)]:
        try:
            checkpoint = CheckpointLoader.load_checkpoint(name, "cpu", mmap=True)
            check_state(checkpoint, name)
        except CheckpointError as error:
            get_logger().warning("%s", error)
            first_error = first_error or error
            continue
        if name != latest and not is_training(checkpoint):
            continue
        if first_error is not None:
            get_logger().warning("Going on with %s instead", name)
        return name
    assert first_error is not None
    raise first_error


def is_training(checkpoint: Mapping[str, Any]) -> bool:
    """Return whether a checkpoint holds the state of a training, and not weights alone."""
    meta = checkpoint.get("meta")
    return isinstance(meta, Mapping) and "iter" in meta and "optimizer" in checkpoint


_STATE: dict[str, tuple[type, ...]] = {
    "state_dict": (Mapping,),
    "optimizer": (Mapping,),
    "message_hub": (Mapping,),
    "visualizer": (Mapping,),
    "param_schedulers": (list, tuple),
    "processes": (list, tuple),
}


def check_state(checkpoint: Mapping[str, Any], name: str) -> None:
    """Check that what a checkpoint holds of a training has the form that it should have.

    Args:
        checkpoint: What was read; weights alone are right as well.
        name: What errors call it.

    Raises:
        CheckpointError: If it hasn't; it says which part.
    """
    if not is_training(checkpoint):
        return
    wrong = [
        key
        for key, kinds in _STATE.items()
        if key in checkpoint and not isinstance(checkpoint[key], kinds)
    ]
    meta = checkpoint["meta"]
    wrong += [key for key in ("iter", "epoch") if not isinstance(meta.get(key, 0), int)]
    wrong += [key for key in ("state_dict", "message_hub") if key not in checkpoint]
    processes = checkpoint.get("processes", ())
    if "processes" not in wrong and not all(isinstance(each, Mapping) for each in processes):
        wrong.append("processes")
    if wrong:
        raise CheckpointError(
            f"{name} is no checkpoint of a training: {', '.join(wrong)} in it can't be used"
        )


def _older(latest: str) -> Iterator[str]:
    """Yield the other checkpoints in a folder, the newest first."""
    if is_url(latest):
        return
    files = [
        each for each in Path(latest).parent.glob("*.pth") if _is_below(str(each), each.parent)
    ]
    others = {each: each.stat().st_mtime_ns for each in files}
    others.pop(Path(latest), None)
    yield from map(str, sorted(others, key=others.__getitem__, reverse=True))
