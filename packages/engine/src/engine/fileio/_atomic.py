"""Writing a local file so that a reader sees the old one or the new one, never half of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Literal, overload


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["wb"] = "wb"
) -> AbstractContextManager[IO[bytes]]: ...


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["w"]
) -> AbstractContextManager[IO[str]]: ...


def atomic_write(
    path: str | os.PathLike[str], mode: Literal["wb", "w"] = "wb"
) -> AbstractContextManager[IO[Any]]:
    """Open a local file for writing, which takes its name only once it is complete.

    The content goes to a hidden temporary file in the same folder, reaches the disk, and then
    replaces `path` in one step. A process that is killed at any moment leaves the previous file
    whole; an exception inside the block does too, and removes the temporary file. Missing folders
    are made. A symbolic link stays one: the file that it points to is replaced.

    Args:
        path: The file to write.
        mode: `'wb'` for bytes, `'w'` for text in UTF-8.

    Raises:
        ValueError: `mode` is neither of the two.
    """
    if mode not in ("wb", "w"):
        raise ValueError(f"atomic_write writes in mode 'wb' or 'w', not {mode!r}")
    return _replacing(Path(os.path.realpath(path)), mode)


@contextmanager
def _replacing(target: Path, mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    target.parent.mkdir(parents=True, exist_ok=True)
    # The random part keeps two writers of one path from meeting in one temporary file.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, mode.replace("w", "x"), encoding=_encoding(mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _encoding(mode: str) -> str | None:
    return None if "b" in mode else "utf-8"


def _sync_folder(folder: Path) -> None:
    """Make a rename inside a folder last through a power cut."""
    if os.name != "posix":  # elsewhere a folder can't be opened, and the rename is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
