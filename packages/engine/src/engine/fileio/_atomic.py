"""Atomic writes of local files: a reader sees the old file or the new one, never half of it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, overload

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.engine\.tmp", re.DOTALL)


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
    """Open a local file for writing; it gets its name only when it is complete.

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
        raise ValueError(f"mode must be 'wb' or 'w'; got {mode!r}")
    return _open_temporary(path, mode)


@contextmanager
def _open_temporary(path: str | os.PathLike[str], mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    encoding = None if "b" in mode else "utf-8"
    with (
        replacing(path) as temporary,
        open(temporary, mode, encoding=encoding) as file,
    ):
        yield file


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of an empty temporary file, which replaces a local file when the block ends.

    Args:
        path: The file, as for `atomic_write`.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(target) as temporary:
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, target)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            # The system does not name the file when the disk is full. An error that the block
            # itself raises has no number, and keeps its text.
            names = (None, str(temporary))
            if isinstance(error, OSError) and error.errno is not None and error.filename in names:
                error.filename = str(target)
            raise
    _sync_folder(target.parent)  # so that the rename lasts through a power cut


def replace_folder(folder: str | os.PathLike[str], source: str | os.PathLike[str]) -> None:
    """Give a folder that was written under another name its own, when all of it is on the disk.

    A former folder of this name is first moved to `<name>.former`, and removed in the end: a
    process that is killed at any moment leaves one of the two whole.

    Args:
        folder: The name that it gets.
        source: The folder; its files were flushed to the disk.
    """
    target, former = Path(folder), Path(f"{os.fspath(folder)}.former")
    for path in [each for each in Path(source).rglob("*") if each.is_dir()]:
        _sync_folder(path)
    _sync_folder(Path(source))
    if target.exists():
        _remove_folder(former)
        os.rename(target, former)
    os.rename(source, target)
    _sync_folder(target.parent)
    _remove_folder(former)


def _remove_folder(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def remove_abandoned(folder: str | os.PathLike[str]) -> list[str]:
    """Remove the temporary files that `atomic_write` left in a folder when its process was killed.

    Files that any process is still writing stay, and so do files of other programs.

    Args:
        folder: A local folder; those within it are not searched.

    Returns:
        The names of the files that were removed.
    """
    if sys.platform == "win32" or not os.path.isdir(folder):
        return []
    removed = []
    for name in sorted(os.listdir(folder)):
        path = Path(folder, name)
        if _TEMPORARY.fullmatch(name) and path.is_file() and not path.is_symlink():
            with suppress(OSError), open(path, "r+b") as file:  # it may be in use, or just done
                _lock(file.fileno(), wait=False)
                path.unlink()
                removed.append(name)
    return removed


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Make a temporary file beside another one, and hold its lock: the sign that it is in use."""
    while True:
        # The random part keeps two writers of one path from meeting in one temporary file.
        path = target.with_name(f".{target.name}.{secrets.token_hex(4)}.engine.tmp")
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if sys.platform == "win32":
            os.close(descriptor)  # an open file can't be renamed there
            yield path
            return
        try:
            with suppress(OSError):  # some file systems have no locks
                _lock(descriptor, wait=True)
            if os.fstat(descriptor).st_nlink:  # else it was taken for abandoned before the lock
                yield path
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, wait: bool) -> None:
    """Lock a file until it is closed."""
    if sys.platform != "win32":
        import fcntl  # deferred: not every system has it

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _sync_folder(path: Path) -> None:
    if os.name == "posix":  # elsewhere a folder can't be opened, and a rename is journalled
        _sync(path)


def _sync(path: Path) -> None:
    """Write a file or folder to the disk, so that it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
