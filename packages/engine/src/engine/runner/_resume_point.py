"""The checkpoint from which a training goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

from engine.checkpoint import CheckpointError, CheckpointLoader, ShardLike, open_folder
from engine.dist import (
    broadcast_object_list,
    get_launch_id,
    get_rank,
    get_restart_count,
    is_main_process,
)
from engine.fileio import exists, get_text
from engine.logging import get_logger
from engine.utils import is_url

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointFolder

_LONGEST = 200  # characters of a name in an error


@dataclass(frozen=True)
class ResumePoint:
    """A checkpoint from which a training goes on.

    Attributes:
        filename: Its name.
        checkpoint: What it holds; its tensors may be mapped from the file. Those of a folder have
            no values yet, and `load` reads them.
        folder: The folder, if it is one.
    """

    filename: str
    checkpoint: dict[str, Any]
    folder: CheckpointFolder | None = None

    @classmethod
    def read(cls, filename: str, map_location: str | torch.device = "cpu") -> Self:
        """Read a checkpoint.

        Args:
            filename: Its name.
            map_location: The device to which its tensors go.

        Raises:
            CheckpointError: If it can't be read, or a part of it has the wrong form.
        """
        folder = None if CheckpointLoader.knows(filename) else open_folder(filename)
        if folder is None:
            checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, mmap=True)
        else:  # which the first process holds against its hashes
            checkpoint = folder.read_facts(verify=is_main_process())
        check_state(checkpoint, filename)
        return cls(filename, checkpoint, folder)

    def load(
        self, map_location: str | torch.device = "cpu", like: ShardLike | None = None
    ) -> dict[str, Any]:
        """Return what it holds, with all tensors.

        Args:
            map_location: The device to which whole tensors go.
            like: Which tensors this process needs a shard of; see `CheckpointFolder.read`.

        Raises:
            CheckpointError: If it can't be read.
        """
        if self.folder is None:
            return self.checkpoint
        is_unchecked = is_url(self.folder.name)
        return self.folder.read(map_location, True, like, get_rank(), verify=is_unchecked)

    def choose_seed(self, wanted: int | None) -> int | None:
        """Return the seed with which the training goes on.

        Args:
            wanted: The seed in the config of the run; it is used, with a warning if the checkpoint
                has another.
        """
        had: int | None = self.checkpoint.get("meta", {}).get("seed")
        if wanted is None:
            return had
        if had is not None and wanted != had:
            get_logger().warning(
                "The seed is %d, and that of %s was %d: the order of the data changes",
                wanted,
                self.filename,
                had,
            )
        return wanted


def find_resume_point(
    work_dir: str, resume: bool | str, load_from: str | None, hooks: Iterable[Any] = ()
) -> ResumePoint | None:
    """Find and read the checkpoint to go on from; every process takes the choice of rank 0.

    A run that its launcher starts again, torchrun after a failure or slurm when the job was queued
    again, goes on from what it has saved itself, whatever the arguments say.

    Args:
        work_dir: The folder of the run.
        resume: Whether to go on, or the checkpoint to go on from.
        load_from: The checkpoint to go on from if `resume` does not name one; None means the newest
            one in `work_dir` that can be read.
        hooks: The hooks or their configs, which say where checkpoints are written to.

    Returns:
        The checkpoint, or None for a new start.

    Raises:
        CheckpointError: If there is a checkpoint, and none can be read.
    """
    out_dirs = _out_dirs(hooks)
    if get_restart_count() and (point := _shared(_saved_by_this_launch, work_dir, out_dirs)):
        get_logger().info("The launcher started this run again, which goes on")
        return point
    if not resume:
        return None
    filename = resume if isinstance(resume, str) else load_from
    if filename is not None:
        return ResumePoint.read(filename)
    point = _shared(newest_training, work_dir, out_dirs)
    if point is None:
        get_logger().info("There is no checkpoint in %s: a new start", work_dir)
    return point


_Find = Callable[[str, Sequence[str | Path]], ResumePoint | None]


def _shared(find: _Find, work_dir: str, out_dirs: Sequence[str | Path]) -> ResumePoint | None:
    """Return the checkpoint that rank 0 finds, read by each process."""
    point = find(work_dir, out_dirs) if is_main_process() else None
    found = [None if point is None else point.filename]
    broadcast_object_list(found)
    return point or (None if found[0] is None else ResumePoint.read(found[0]))


def _saved_by_this_launch(work_dir: str, out_dirs: Sequence[str | Path]) -> ResumePoint | None:
    """Read the newest checkpoint if the run saved it before its launcher started it again."""
    point = newest_training(work_dir, out_dirs)
    if point is None or point.checkpoint.get("meta", {}).get("launch") != get_launch_id():
        return None
    return point


def find_latest_checkpoint(path: str | Path, out_dirs: Sequence[str | Path] = ()) -> str | None:
    """Return the checkpoint that was saved last in a work directory, or None.

    Args:
        path: The work directory, whose file `last_checkpoint` holds the name.
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
        content = repr(name if len(name) < _LONGEST else f"{name[:_LONGEST]}...")
    except ValueError:  # no text, or a character that no name has
        content = "no name of a file"
    raise CheckpointError(
        f"{pointer} holds {content}: it must name a checkpoint in this folder, or one "
        "below the out_dir of the run's CheckpointHook; load_from names any other"
    )


def _is_below(name: str, folder: str | Path) -> bool:
    """Return whether a file is in a folder or below it, links being followed."""
    if is_url(name) or is_url(folder):
        start, rest = f"{str(folder).rstrip('/')}/", name.removeprefix(f"{folder}".rstrip("/"))
        steps = rest.replace("\\", "/").split("/")
        return name.startswith(start) and ".." not in steps and "::" not in rest
    return Path(os.path.realpath(name)).is_relative_to(os.path.realpath(folder))


def newest_training(path: str | Path, out_dirs: Sequence[str | Path] = ()) -> ResumePoint | None:
    """Read the newest checkpoint in a work directory from which a training can go on.

    That is the one that was saved last. If it can't be read, there is a warning, and the newest one
    beside it that can be read is taken.

    Args:
        path: The work directory.
        out_dirs: As for `find_latest_checkpoint`.

    Returns:
        The checkpoint, or None if there is none.

    Raises:
        CheckpointError: If none can be read, or `last_checkpoint` names what it may not.
    """
    latest = find_latest_checkpoint(path, out_dirs)
    if latest is None:
        return None
    first_error: CheckpointError | None = None
    for name in [latest, *_older(latest)]:
        try:
            point = ResumePoint.read(name)
        except CheckpointError as error:
            get_logger().warning("%s", error)
            first_error = first_error or error
            continue
        if name != latest and not is_training(point.checkpoint):
            continue
        if first_error is not None:
            get_logger().warning("Going on with %s instead", name)
        return point
    assert first_error is not None
    raise first_error


def is_training(checkpoint: Mapping[str, Any], needs_optimizer: bool = True) -> bool:
    """Return whether a checkpoint holds the state of a training, and not weights alone.

    Args:
        checkpoint: What was read.
        needs_optimizer: Whether that includes the state of an optimizer.
    """
    meta = checkpoint.get("meta")
    is_position = isinstance(meta, Mapping) and "iter" in meta
    return is_position and (not needs_optimizer or checkpoint.get("optimizer") is not None)


_STATE: dict[str, tuple[type, ...]] = {
    "state_dict": (Mapping,),
    "optimizer": (Mapping,),
    "message_hub": (Mapping,),
    "visualizer": (Mapping,),
    "param_schedulers": (list, tuple),
    "processes": (list, tuple),
}


def check_state(checkpoint: Mapping[str, Any], name: str) -> None:
    """Check that the parts of a training in a checkpoint have the right form.

    Args:
        checkpoint: What was read; weights alone are allowed.
        name: The name of the checkpoint, for the error.

    Raises:
        CheckpointError: If a part has the wrong form; the error names it.
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
    beside = Path(latest).parent
    found = [*beside.glob("*.pth"), *(each.parent for each in beside.glob("*/manifest.json"))]
    files = [
        each
        for each in found
        if _is_below(str(each), beside) and not each.name.endswith((".partial", ".former"))
    ]
    others = {each: each.stat().st_mtime_ns for each in files}
    others.pop(Path(latest), None)
    yield from map(str, sorted(others, key=others.__getitem__, reverse=True))


def _out_dirs(hooks: Iterable[Any]) -> list[str | Path]:
    """Return the folders and URLs to which hooks, or their configs, say that they write."""
    named = [
        each.get("out_dir") if isinstance(each, Mapping) else getattr(each, "out_dir", None)
        for each in hooks
    ]
    return [out_dir for out_dir in named if isinstance(out_dir, (str, Path))]
