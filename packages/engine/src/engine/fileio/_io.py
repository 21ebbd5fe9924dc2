"""Files and folders by name, whatever back end they belong to.

A name with `://` in it is a URL, every other name is a local path. See `get_file_backend`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ._backend import BaseStorageBackend, PathLike
from ._backend_registry import BackendArgs, get_file_backend


def get(filepath: PathLike, backend_args: BackendArgs = None) -> bytes:
    """Read a whole file.

    Args:
        filepath: A local path or a URL.
        backend_args: Arguments of the back end, such as `anon=True`.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return backend_of(filepath, backend_args).get(filepath)


def get_text(filepath: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> str:
    """Read a whole file as text.

    Args:
        filepath: A local path or a URL.
        encoding: The encoding of the text.
        backend_args: Arguments of the back end.

    Returns:
        The text, without a byte order mark.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no text in that encoding.
    """
    return backend_of(filepath, backend_args).get_text(filepath, encoding)


def put(obj: bytes, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file, and the folders that it needs; a reader never sees half of it.

    Args:
        obj: The content.
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.
    """
    backend_of(filepath, backend_args).put(obj, filepath)


def put_text(obj: str, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file as text in UTF-8; a reader never sees half of it.

    Args:
        obj: The content.
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.
    """
    backend_of(filepath, backend_args).put_text(obj, filepath)


def exists(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a file or folder of this name.

    Args:
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.
    """
    return backend_of(filepath, backend_args).exists(filepath)


def isfile(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a file of this name.

    Args:
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.
    """
    return backend_of(filepath, backend_args).isfile(filepath)


def isdir(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Return whether there is a folder of this name.

    Args:
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.
    """
    return backend_of(filepath, backend_args).isdir(filepath)


def join_path(filepath: PathLike, *filepaths: PathLike, backend_args: BackendArgs = None) -> str:
    """Join the parts of a name; as the system does for a local path, with `/` for a URL.

    Args:
        filepath: The first part; it decides whether the result is a path or a URL.
        filepaths: The further parts. An absolute one restarts a local path; below a URL its
            leading `/` is dropped.
        backend_args: Arguments of the back end.
    """
    return backend_of(filepath, backend_args).join_path(filepath, *filepaths)


def get_local_path(
    filepath: PathLike, backend_args: BackendArgs = None
) -> AbstractContextManager[str | Path]:
    """Give the path of a local file with the content of a file, for the length of a block.

    Args:
        filepath: A local path, which is given as it is, or a URL, whose file is downloaded and
            removed after the block.
        backend_args: Arguments of the back end.

    Raises:
        FileNotFoundError: There is no such file behind the URL.
    """
    return backend_of(filepath, backend_args).get_local_path(filepath)


def remove(filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Remove a file.

    Args:
        filepath: A local path or a URL.
        backend_args: Arguments of the back end.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: It is a folder.
    """
    backend_of(filepath, backend_args).remove(filepath)


def rmtree(dir_path: PathLike, backend_args: BackendArgs = None) -> None:
    """Remove a folder, and all in it.

    Args:
        dir_path: A local path or a URL.
        backend_args: Arguments of the back end.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    backend_of(dir_path, backend_args).rmtree(dir_path)


def list_dir_or_file(
    dir_path: PathLike,
    list_dir: bool = True,
    list_file: bool = True,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    backend_args: BackendArgs = None,
) -> Iterator[str]:
    """Return what is in a folder, without what is hidden: names that begin with a dot.

    Args:
        dir_path: A local path or a URL.
        list_dir: Whether folders belong in.
        list_file: Whether files belong in.
        suffix: How the names of files must end, one ending or several; None takes all.
        recursive: Whether to look into the folders within.
        backend_args: Arguments of the back end.

    Returns:
        An iterator over names from the folder on, each folder in alphabetical order.

    Raises:
        FileNotFoundError: There is no such folder; raised when the first name is asked for.
        TypeError: `list_dir` is set though there is a `suffix`.
    """
    backend = backend_of(dir_path, backend_args)
    return backend.list_dir_or_file(dir_path, list_dir, list_file, suffix, recursive)


def generate_presigned_url(
    url: str,
    client_method: str = "get_object",
    expires_in: int = 3600,
    backend_args: BackendArgs = None,
) -> str:
    """Return a URL by which somebody without an account can reach a file for a while.

    Args:
        url: The URL of the file, such as `s3://bucket/x.png`.
        client_method: What the new URL allows, as the client of the storage calls it.
        expires_in: For how many seconds it works.
        backend_args: Arguments of the back end.

    Raises:
        NotImplementedError: The storage has no such URLs.
    """
    return backend_of(url, backend_args).generate_presigned_url(url, client_method, expires_in)


def backend_of(filepath: PathLike, backend_args: BackendArgs) -> BaseStorageBackend:
    """Return the back end of a name; the same one for the same arguments."""
    return get_file_backend(filepath, backend_args=backend_args, enable_singleton=True)
