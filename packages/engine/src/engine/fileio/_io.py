"""Bytes and text in and out of local files and URLs.

A name with `://` in it is a URL, which `fsspec` opens (`s3://`, `gs://`, `hf://`,
`https://`, ...); every other name is a local path and costs no more than the system call.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.utils import is_url

from ._atomic import atomic_write

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PathLike = str | os.PathLike[str]
BackendArgs = Mapping[str, Any] | None


def get(filepath: PathLike, backend_args: BackendArgs = None) -> bytes:
    """Read a whole file.

    Args:
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL, such as `anon=True`.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if (local := as_local(filepath)) is not None:
        return local.read_bytes()
    system, name = _remote(filepath, backend_args)
    content: bytes = system.cat_file(name)
    return content


def get_text(filepath: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> str:
    """Read a whole file as text.

    Args:
        filepath: A local path or a URL.
        encoding: The text encoding of the file.
        backend_args: Options of the fsspec file system behind the URL.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return get(filepath, backend_args).decode(encoding)


def put(obj: bytes, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file; a local one atomically, and with the folders that it needs.

    Args:
        obj: The content.
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL.
    """
    if (local := as_local(filepath)) is not None:
        with atomic_write(local) as file:
            file.write(obj)
        return
    system, name = _remote(filepath, backend_args)
    system.pipe_file(name, obj)


def put_text(obj: str, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Write a whole file as UTF-8 text; a local one atomically.

    Args:
        obj: The content.
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL.
    """
    put(obj.encode(), filepath, backend_args)


def exists(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Tell whether a file or folder of this name exists.

    Args:
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL.
    """
    if (local := as_local(filepath)) is not None:
        return local.exists()
    system, name = _remote(filepath, backend_args)
    return bool(system.exists(name))


def isfile(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Tell whether a file of this name exists.

    Args:
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL.
    """
    if (local := as_local(filepath)) is not None:
        return local.is_file()
    system, name = _remote(filepath, backend_args)
    return bool(system.isfile(name))


def isdir(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    """Tell whether a folder of this name exists.

    Args:
        filepath: A local path or a URL.
        backend_args: Options of the fsspec file system behind the URL.
    """
    if (local := as_local(filepath)) is not None:
        return local.is_dir()
    system, name = _remote(filepath, backend_args)
    return bool(system.isdir(name))


def join_path(filepath: PathLike, *filepaths: PathLike) -> str:
    """Join the parts of a name; as the system does for a local path, with `/` for a URL.

    Args:
        filepath: The first part; it decides whether the result is a path or a URL.
        filepaths: The further parts. An absolute one restarts a local path; below a URL its
            leading `/` is dropped.
    """
    parts = [os.fspath(part) for part in filepaths]
    if as_local(filepath) is not None:
        return os.path.join(os.fspath(filepath), *parts)
    return posixpath.join(os.fspath(filepath), *(part.lstrip("/") for part in parts))


def as_local(filepath: PathLike) -> Path | None:
    """Give the local path behind a name (`file://` included), or None for any other URL."""
    name = os.fspath(filepath)
    if name.startswith("file://"):
        return Path(name.removeprefix("file://"))
    return None if is_url(name) else Path(name)


def _remote(filepath: PathLike, backend_args: BackendArgs) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs  # deferred: local files don't need it

    system, name = url_to_fs(os.fspath(filepath), **(backend_args or {}))
    return system, name
