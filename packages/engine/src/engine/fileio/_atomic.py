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
    return _opened(path, mode)


@contextmanager
def _opened(path: str | os.PathLike[str], mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    encoding = None if "b" in mode else "utf-8"
    with (
        replacing(path) as temporary,
        open(temporary, mode.replace("w", "x"), encoding=encoding) as file,
    ):
        yield file


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a temporary file, which replaces a local file when the block ends.

    Args:
        path: The file; what holds for `atomic_write` holds here too.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    # The random part keeps two writers of one path from meeting in one temporary file.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder can't be opened, and the rename is journalled
        _sync(target.parent)  # so that the rename lasts through a power cut


def _sync(path: Path) -> None:
    """Make what was written last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
