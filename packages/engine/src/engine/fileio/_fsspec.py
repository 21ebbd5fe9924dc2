"""Backends for URLs, through the file systems of fsspec."""

from __future__ import annotations

import glob
import os
import posixpath
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.utils import did_you_mean

from ._backend import (
    BaseStorageBackend,
    PathLike,
    Target,
    as_given,
    base_name,
    local_path,
    scheme_of,
)
from ._retry import with_retries

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")

# Storages that replace a file only when the new one is complete.
_REPLACE_WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hf"}

# The client of S3 would retry by itself, for ten seconds and more.
_ONE_ATTEMPT = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
_DEFAULTS = {"s3": _ONE_ATTEMPT, "s3a": _ONE_ATTEMPT}

_PACKAGES = {
    "s3": '"engine[s3]"',
    "s3a": '"engine[s3]"',
    "http": '"engine[http]"',
    "https": '"engine[http]"',
}


class RemoteReader(BaseStorageBackend):
    """A read-only backend for any file system that fsspec knows.

    Args:
        max_retries: How often to try again where the connection fails.
        retry_wait: The seconds before the second attempt; twice as many before each further one.
        **storage_options: Options of the file system, such as `anon=True` or `endpoint_url=...`.
    """

    def __init__(
        self, max_retries: int = 3, retry_wait: float = 0.2, **storage_options: Any
    ) -> None:
        self.max_retries = max_retries
        self.retry_wait = retry_wait
        self.storage_options = storage_options

    def get(self, filepath: PathLike) -> bytes:
        """Read a whole file."""
        content: bytes = self._retry("read", filepath, lambda system, name: system.cat_file(name))
        return content

    def exists(self, filepath: PathLike) -> bool:
        """Return whether there is a file or folder of this name."""
        return self._kind_of(filepath) is not None

    def isfile(self, filepath: PathLike) -> bool:
        """Return whether there is a file of this name."""
        return self._kind_of(filepath) == "file"

    def _download(self, src: PathLike, path: Path) -> None:
        self._retry("read", src, lambda system, name: system.get_file(name, str(path)))

    def _kind_of(self, filepath: PathLike) -> str | None:
        try:
            kind: str = self._retry("looked up", filepath, _get_info)["type"]
        except FileNotFoundError:
            return None
        return kind

    def _retry(
        self, done: str, filepath: PathLike, operation: Callable[[AbstractFileSystem, str], T]
    ) -> T:
        return with_retries(
            lambda: operation(*self._system(filepath)),
            os.fspath(filepath),
            done,
            self.max_retries,
            self.retry_wait,
        )

    def _system(self, filepath: PathLike) -> tuple[AbstractFileSystem, str]:
        """Return the file system of a name, and the name of the file in it.

        The system is not kept: fsspec caches it, and makes a new one in a forked process.
        """
        from fsspec import available_protocols  # deferred: local files don't need it
        from fsspec.core import url_to_fs

        url, scheme = os.fspath(filepath), scheme_of(filepath)
        try:
            system, name = url_to_fs(url, **{**_DEFAULTS.get(scheme, {}), **self.storage_options})
        except ImportError as error:
            how = f"pip install {_PACKAGES[scheme]}" if scheme in _PACKAGES else error
            raise ImportError(f"{url}: a package is missing; {how}") from error
        except ValueError as error:
            if scheme in available_protocols():
                raise
            hint = did_you_mean(scheme, available_protocols())
            raise ValueError(f"{url}: there is no storage {scheme!r}{hint}") from error
        return system, name


class HTTPBackend(RemoteReader):
    """Files at `http://` and `https://`, which can only be read.

    Args:
        max_retries: How often to try again where the connection fails.
        retry_wait: The seconds before the second attempt; twice as many before each further one.
        **storage_options: Options of fsspec's HTTP file system, such as `headers={...}`.
    """


class FsspecBackend(RemoteReader):
    """Any file system that fsspec knows: `s3://`, `gs://`, `hf://` and many more.

    A written file replaces the former one in one step. Missing folders are made, a bucket is not.

    Args:
        max_retries: How often to try again where the connection fails.
        retry_wait: The seconds before the second attempt; twice as many before each further one.
        **storage_options: Options of the file system, such as `anon=True` or `endpoint_url=...`.
    """

    def put(self, obj: bytes, filepath: PathLike) -> None:
        """Write a whole file; a reader never sees half of it."""
        memoryview(obj)  # raises a TypeError for text
        self._write(filepath, lambda system, name: system.pipe_file(name, obj))

    def isdir(self, filepath: PathLike) -> bool:
        """Return whether there is a folder of this name."""
        return self._kind_of(filepath) == "directory"

    def copyfile(self, src: PathLike, dst: Target) -> Target:
        """Copy a file within the storage."""
        if not self.isfile(src):
            raise FileNotFoundError(f"{src} can't be copied: there is no such file")
        target = self._target(src, dst)
        self._copy(src, target)
        return as_given(dst, target)

    def copytree(self, src: PathLike, dst: Target) -> Target:
        """Copy a folder, and all in it, within the storage, file by file."""
        target = self._check_new(dst)
        for name in self._list_files(src):
            self._copy(self.join_path(src, name), self.join_path(target, name))
        return as_given(dst, target)

    def copyfile_from_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a local file into the storage."""
        os.stat(local_path(src))
        target = self._target(src, dst)
        self._upload(src, target)
        return as_given(dst, target)

    def copytree_from_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a local folder, and all in it, into the storage, file by file."""
        folder, target = Path(local_path(src)), self._check_new(dst)
        os.listdir(folder)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self._upload(path, self.join_path(target, path.relative_to(folder).as_posix()))
        return as_given(dst, target)

    def copytree_to_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a folder of the storage, and all in it, to a local one, file by file."""
        folder, names = local_path(dst), self._list_files(src)
        os.makedirs(folder)
        for name in names:
            target = os.path.normpath(os.path.join(folder, name))
            if not Path(target).is_relative_to(os.path.normpath(folder)):  # `..` in a key of S3
                raise ValueError(f"{src} can't be copied: {name!r} in it leads out of {folder}")
            self.copyfile_to_local(self.join_path(src, name), target)
        return as_given(dst, folder)

    def remove(self, filepath: PathLike) -> None:
        """Remove a file."""
        kind = self._kind_of(filepath)
        if kind is None:
            raise FileNotFoundError(f"{filepath} can't be removed: there is no such file")
        if kind != "file":
            raise IsADirectoryError(f"{filepath} is a folder; rmtree removes those")
        self._retry("removed", filepath, lambda system, name: system.rm_file(name))

    def rmtree(self, dir_path: PathLike) -> None:
        """Remove a folder, and all in it."""
        if not self.isdir(dir_path):
            raise FileNotFoundError(f"{dir_path} can't be removed: there is no such folder")
        self._retry(  # escaped, for fsspec takes the name for a pattern
            "removed", dir_path, lambda system, name: system.rm(glob.escape(name), recursive=True)
        )

    def generate_presigned_url(
        self, url: str, client_method: str = "get_object", expires_in: int = 3600
    ) -> str:
        """Return a URL that gives users without an account access to a file for a while."""
        # Only S3 has other methods.
        options = {} if client_method == "get_object" else {"client_method": client_method}
        signed: str = self._retry(
            "signed",
            url,
            lambda system, name: system.sign(name, expiration=expires_in, **options),
        )
        return signed

    def _write(
        self, filepath: PathLike, operation: Callable[[AbstractFileSystem, str], object]
    ) -> None:
        """Write a file under a temporary name if need be, so that no reader sees half of it."""
        if scheme_of(filepath) in _REPLACE_WHOLE:
            self._retry("written", filepath, operation)
            return
        system, name = self._system(filepath)
        folder = posixpath.dirname(name)
        temporary = posixpath.join(folder, f".{secrets.token_hex(8)}.tmp")
        try:
            if folder:
                self._retry(
                    "written", filepath, lambda system, _: system.makedirs(folder, exist_ok=True)
                )
            self._retry("written", filepath, lambda system, _: operation(system, temporary))
            self._retry("written", filepath, lambda system, name: _rename(system, temporary, name))
        except BaseException:
            with suppress(Exception):  # the first error is the one to report
                system.rm_file(temporary)
            raise

    def _copy(self, src: PathLike, target: PathLike) -> None:
        source = self._system(src)[1]
        self._write(target, lambda system, name: system.cp_file(source, name))

    def _upload(self, src: PathLike, target: PathLike) -> None:
        source = local_path(src)
        self._write(target, lambda system, name: system.put_file(source, name))

    def _target(self, src: PathLike, dst: PathLike) -> str:
        target = os.fspath(dst)
        is_folder = target.endswith("/") or self.isdir(target)
        return self.join_path(target, base_name(src)) if is_folder else target

    def _check_new(self, dst: PathLike) -> str:
        if self.exists(dst):
            raise FileExistsError(f"{dst} exists already")
        return os.fspath(dst)

    def _list_files(self, dir_path: PathLike) -> list[str]:
        return [name for name, is_dir in self._list_entries(dir_path, recursive=True) if not is_dir]

    def _walk(self, dir_path: PathLike, recursive: bool) -> Iterator[tuple[str, bool]]:
        for name, is_dir in self._list_entries(dir_path, recursive):
            if not any(part.startswith(".") for part in name.split("/")):
                yield name, is_dir

    def _list_entries(self, dir_path: PathLike, recursive: bool) -> list[tuple[str, bool]]:
        """Return the names in a folder, each with whether it is a folder."""

        def listed(system: AbstractFileSystem, name: str) -> dict[str, bool]:
            system.invalidate_cache(name)
            if recursive:
                found = system.find(name, withdirs=True, detail=True).values()
            else:
                found = system.ls(name, detail=True)
            root = f"{name.rstrip('/')}/"
            return {  # a name that ends in `/` marks an empty folder in S3
                path.removeprefix(root).rstrip("/"): kind == "directory" or path.endswith("/")
                for path, kind in ((entry["name"], entry["type"]) for entry in found)
                if path.startswith(root) and path != root
            }

        entries = self._retry("listed", dir_path, listed)
        if not entries and not self.isdir(dir_path):
            raise FileNotFoundError(f"{dir_path} can't be listed: there is no such folder")
        return sorted(entries.items(), key=lambda entry: entry[0].split("/"))


def _get_info(system: AbstractFileSystem, name: str) -> dict[str, Any]:
    system.invalidate_cache(name)  # others may have written since it was listed
    info: dict[str, Any] = system.info(name)
    return info


def _rename(system: AbstractFileSystem, old: str, new: str) -> None:
    from fsspec import AbstractFileSystem  # deferred: see above

    if type(system).mv is not AbstractFileSystem.mv:
        system.mv(old, new)
    else:  # which would copy and remove as well, and takes a name for a pattern
        system.cp_file(old, new)
        system.rm_file(old)
