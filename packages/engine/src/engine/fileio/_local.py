"""Backend for local files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from engine.utils import walk

from ._atomic import atomic_write, replacing
from ._backend import BaseStorageBackend, PathLike, Target, as_given, local_path, local_target


class LocalBackend(BaseStorageBackend):
    """The files of this machine; a name may begin with `file://`.

    A written file replaces the former one in one step, and missing folders are made.
    """

    @property
    def allow_symlink(self) -> bool:
        """Whether there are symbolic links."""
        return True

    def get(self, filepath: PathLike) -> bytes:
        """Read a whole file."""
        with open(local_path(filepath), "rb", buffering=0) as file:
            return file.readall()

    def put(self, obj: bytes, filepath: PathLike) -> None:
        """Write a whole file; a reader never sees half of it."""
        with atomic_write(local_path(filepath)) as file:
            file.write(obj)

    def exists(self, filepath: PathLike) -> bool:
        """Return whether there is a file or folder of this name."""
        return os.path.exists(local_path(filepath))

    def isfile(self, filepath: PathLike) -> bool:
        """Return whether there is a file of this name."""
        return os.path.isfile(local_path(filepath))

    def isdir(self, filepath: PathLike) -> bool:
        """Return whether there is a folder of this name."""
        return os.path.isdir(local_path(filepath))

    def join_path(self, filepath: PathLike, *filepaths: PathLike) -> str:
        """Join the parts of a path as the system does: an absolute one starts anew."""
        if os.fspath(filepath).startswith("file://"):
            return super().join_path(filepath, *filepaths)
        return os.path.join(os.fspath(filepath), *filepaths)

    def get_local_path(self, filepath: PathLike) -> AbstractContextManager[str | Path]:
        """Give the path itself, for the length of a block; nothing is copied or removed."""
        return nullcontext(local_path(filepath))

    def copyfile(self, src: PathLike, dst: Target) -> Target:
        """Copy a file, with its permissions; a file with the name of the copy is replaced."""
        source, target = local_path(src), local_target(src, dst)
        if os.path.exists(target) and os.path.samefile(source, target):
            raise shutil.SameFileError(f"{source} and {target} are the same file")
        with replacing(target) as temporary:
            shutil.copy(source, temporary)
        return as_given(dst, target)

    def copytree(self, src: PathLike, dst: Target) -> Target:
        """Copy a folder, and all in it."""
        return as_given(dst, shutil.copytree(local_path(src), local_path(dst)))

    copyfile_from_local = copyfile
    copyfile_to_local = copyfile
    copytree_from_local = copytree
    copytree_to_local = copytree

    def remove(self, filepath: PathLike) -> None:
        """Remove a file."""
        path = local_path(filepath)
        if os.path.isdir(path):  # each system calls this by another error
            raise IsADirectoryError(f"{path} is a folder; rmtree removes those")
        os.remove(path)

    def rmtree(self, dir_path: PathLike) -> None:
        """Remove a folder, and all in it."""
        shutil.rmtree(local_path(dir_path))

    def copy_if_symlink_fails(self, src: PathLike, dst: PathLike) -> bool:
        """Make a symbolic link to the absolute path, or a copy where that is not possible."""
        source = os.path.abspath(local_path(src))
        os.stat(source)  # a link to nothing would be made without complaint
        try:
            os.symlink(source, local_path(dst))
        except (OSError, NotImplementedError):
            return super().copy_if_symlink_fails(src, dst)
        return True

    def _walk(self, dir_path: PathLike, recursive: bool) -> Iterator[tuple[str, bool]]:
        return walk(local_path(dir_path), recursive)
