"""Reading of checkpoints, be they files or folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.fileio import exists, join_path
from engine.utils import is_url

from ._file import CheckpointNotFoundError, Location, read_file
from ._folder_layout import FORMER, MANIFEST


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
    if not is_url(name):
        if (folder := local_folder(name)) is None:
            return read_file(name, map_location, backend_args, mmap)
        return _read_folder(str(folder), map_location, None, mmap)
    try:
        return read_file(name, map_location, backend_args, mmap)
    except CheckpointNotFoundError:
        if not exists(join_path(name, MANIFEST), backend_args):
            raise
    return _read_folder(name, map_location, backend_args, mmap)


def local_folder(name: str | Path) -> Path | None:
    """Return the local folder of a checkpoint, or None if it is not a folder.

    It is the former one of this name if that was about to be replaced when its process was killed.
    """
    path = Path(name)
    if path.is_dir():
        return path
    former = Path(f"{path}{FORMER}")
    return former if not path.exists() and former.is_dir() else None


def is_checkpoint(name: str | Path) -> bool:
    """Return whether there is a local file or a folder that may be a checkpoint."""
    folder = local_folder(name)
    if folder is None:
        return Path(name).is_file()
    return (folder / MANIFEST).is_file() or (folder / ".metadata").is_file()


def _read_folder(
    name: str, map_location: Location, backend_args: Mapping[str, Any] | None, mmap: bool
) -> dict[str, Any]:
    # Deferred: most checkpoints are files, and this imports torch's distributed checkpoints.
    from ._dcp_folder import is_dcp_folder, read_dcp_folder
    from ._folder_reader import CheckpointFolder

    if is_dcp_folder(name):
        return read_dcp_folder(name, map_location)
    return CheckpointFolder(name, backend_args).read(map_location, mmap)
