"""Functions for files and folders on any storage.

A name with `://` in it is a URL, every other name is a local path. Each function calls the method
of the same name of the file's backend: `BaseStorageBackend` explains the arguments. `backend_args`
holds arguments of the backend itself; see `get_file_backend`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ._backend import BaseStorageBackend, PathLike, Target, scheme_of
from ._backend_registry import BackendArgs, get_file_backend


def get(filepath: PathLike, backend_args: BackendArgs = None) -> bytes:
    """Read a whole file.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return _backend_of(filepath, backend_args).get(filepath)


def get_text(filepath: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> str:
    """Read a whole file as text, without a byte order mark.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no text in that encoding.
    """
    return _backend_of(filepath, backend_args).get_text(filepath, encoding)


def put(obj: bytes, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file and the folders around it; a reader never sees half of it."""
    _backend_of(filepath, backend_args).put(obj, filepath)


def put_text(obj: str, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file as text in UTF-8; a reader never sees half of it."""
    _backend_of(filepath, backend_args).put_text(obj, filepath)


def exists(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a file or folder of this name."""
    return _backend_of(filepath, backend_args).exists(filepath)


def isfile(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a file of this name."""
    return _backend_of(filepath, backend_args).isfile(filepath)


def isdir(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a folder of this name."""
    return _backend_of(filepath, backend_args).isdir(filepath)


def join_path(filepath: PathLike, *filepaths: PathLike, backend_args: BackendArgs = None) -> str:
    """Join the parts of a name: as the system does for a local path, with `/` for a URL.

    The first part decides which it is. An absolute further part restarts a local path; below a URL
    its leading `/` is dropped.
    """
    return _backend_of(filepath, backend_args).join_path(filepath, *filepaths)


def get_local_path(
    filepath: PathLike, backend_args: BackendArgs = None
) -> AbstractContextManager[str | Path]:
    """Give the path of a local file with the content of a file, for the length of a block.

    A local path is given unchanged. The file of a URL is downloaded, and removed after the block.

    Raises:
        FileNotFoundError: There is no such file at the URL.
    """
    return _backend_of(filepath, backend_args).get_local_path(filepath)


def remove(filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Remove a file.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: It is a folder.
    """
    _backend_of(filepath, backend_args).remove(filepath)


def rmtree(dir_path: PathLike, backend_args: BackendArgs = None) -> None:
    """Remove a folder and all in it.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    _backend_of(dir_path, backend_args).rmtree(dir_path)


def list_dir_or_file(
    dir_path: PathLike,
    list_dir: bool = True,
    list_file: bool = True,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    backend_args: BackendArgs = None,
) -> Iterator[str]:
    """Return the names in a folder, relative to it and in alphabetical order; no hidden ones.

    Raises:
        FileNotFoundError: There is no such folder; raised when the first name is asked for.
        TypeError: `list_dir` is set although there is a `suffix`.
    """
    backend = _backend_of(dir_path, backend_args)
    return backend.list_dir_or_file(dir_path, list_dir, list_file, suffix, recursive)


def generate_presigned_url(
    url: str,
    client_method: str = "get_object",
    expires_in: int = 3600,
    backend_args: BackendArgs = None,
) -> str:
    """Return a URL that gives users without an account access to a file for some seconds.

    Raises:
        NotImplementedError: The storage has no such URLs.
    """
    return _backend_of(url, backend_args).generate_presigned_url(url, client_method, expires_in)


def copyfile(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a file within a storage, and return the name of the copy.

    Raises:
        FileNotFoundError: There is no such file.
        shutil.SameFileError: Both are the same local file.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copyfile(src, dst)


def copytree(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a folder and all in it within a storage, and return the name of the copy.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` exists already.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copytree(src, dst)


def copyfile_from_local(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a local file into a storage, and return the name of the copy.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return _backend_of(dst, backend_args).copyfile_from_local(src, dst)


def copytree_from_local(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a local folder and all in it into a storage, and return the name of the copy.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` exists already.
    """
    return _backend_of(dst, backend_args).copytree_from_local(src, dst)


def copyfile_to_local(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a file of a storage to a local one, and return its path.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return _backend_of(src, backend_args).copyfile_to_local(src, dst)


def copytree_to_local(src: PathLike, dst: Target, backend_args: BackendArgs = None) -> Target:
    """Copy a folder of a storage and all in it to a local one, and return its path.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` exists already.
    """
    return _backend_of(src, backend_args).copytree_to_local(src, dst)


def copy_if_symlink_fails(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> bool:
    """Make a symbolic link, or a copy where that fails, and return whether it is a link.

    A file of the name `dst` is replaced by the copy.

    Raises:
        FileNotFoundError: There is no such file or folder.
        FileExistsError: `dst` is a folder already.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copy_if_symlink_fails(src, dst)


def _backend_of(filepath: PathLike, backend_args: BackendArgs) -> BaseStorageBackend:
    return get_file_backend(filepath, backend_args=backend_args, enable_singleton=True)


def _backend_of_both(src: PathLike, dst: PathLike, backend_args: BackendArgs) -> BaseStorageBackend:
    if "backend" not in (backend_args or ()) and scheme_of(src) != scheme_of(dst):
        raise ValueError(
            f"{src} and {dst} are in different storages; copyfile_from_local, copyfile_to_local "
            "and the like copy from one to the other"
        )
    return _backend_of(src, backend_args)
