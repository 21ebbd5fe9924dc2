"""Reading of checkpoints, be they files or folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.fileio import exists, join_path
from engine.utils import is_url

from ._dcp_folder import DCP_METADATA, read_dcp_folder
from ._file import CheckpointNotFoundError, Location, read_file
from ._folder_layout import FORMER, MANIFEST

if TYPE_CHECKING:
    from ._folder_reader import CheckpointFolder


def read_checkpoint(
    filename: str | Path,
    map_location: Location = "cpu",
    backend_args: Mapping[str, Any] | None = None,
    mmap: bool = False,
) -> dict[str, Any]:
    """Return what a checkpoint holds; nothing in it is executed.

    A checkpoint of MMEngine is read without MMEngine: what it holds of its classes becomes plain
    data. The shards in a folder are put together.

    Args:
        filename: The file or folder, or a URL for fsspec; a file that ends in `.safetensors` holds
            weights alone, and needs `engine[safetensors]`, as a folder does.
        map_location: The device to which its tensors go; None means that where they were saved.
        backend_args: Options of the file system behind a URL.
        mmap: Whether the tensors of local files stay in them until they are used, for somebody who
            copies them at once: the process dies if a file is written to in the meantime.

    Raises:
        CheckpointError: If there is no such checkpoint, it was cut short, or it is none.
    """
    name = os.fspath(filename)
    path = None if is_url(name) else local_folder(name)
    if path is not None and _is_of_others(path):
        return read_dcp_folder(str(path), map_location)
    try:
        if path is None:
            return read_file(name, map_location, backend_args, mmap)
    except CheckpointNotFoundError:
        if not is_url(name) or not exists(join_path(name, MANIFEST), backend_args):
            raise
    folder = open_folder(name, backend_args)
    assert folder is not None
    return folder.read(map_location, mmap)


def local_folder(name: str | Path) -> Path | None:
    """Return the local folder of a checkpoint, or None if it is not a folder.

    It is the former one of this name if that was about to be replaced when its process was killed.
    """
    path = Path(name)
    if path.is_dir():
        return path
    former = Path(f"{path}{FORMER}")
    return former if not path.exists() and former.is_dir() else None


def open_folder(
    name: str | Path, backend_args: Mapping[str, Any] | None = None
) -> CheckpointFolder | None:
    """Return a checkpoint folder whose manifest was read, or None if it is no such folder.

    Args:
        name: Its name, or a URL for fsspec.
        backend_args: Options of the file system behind a URL.

    Raises:
        CheckpointError: If its manifest can't be used.
    """
    if is_url(name):
        found = os.fspath(name) if exists(join_path(name, MANIFEST), backend_args) else None
    else:
        folder = local_folder(name)
        found = None if folder is None or _is_of_others(folder) else str(folder)
    if found is None:
        return None
    # Deferred: most checkpoints are files, and this imports torch's distributed checkpoints.
    from ._folder_reader import CheckpointFolder

    return CheckpointFolder(found, backend_args)


def _is_of_others(folder: Path) -> bool:
    """Return whether `torch.distributed.checkpoint` wrote a folder for another program."""
    return not (folder / MANIFEST).exists() and (folder / DCP_METADATA).is_file()


def is_checkpoint(name: str | Path) -> bool:
    """Return whether there is a local file or a folder that may be a checkpoint."""
    folder = local_folder(name)
    if folder is None:
        return Path(name).is_file()
    return (folder / MANIFEST).is_file() or (folder / DCP_METADATA).is_file()
