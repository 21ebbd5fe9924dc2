"""The interface of storage backends."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar, cast
from urllib.parse import urlsplit

from engine.utils import decode_text

from ._atomic import replacing

PathLike = str | os.PathLike[str]
Target = TypeVar("Target", bound=PathLike)


class BaseStorageBackend(ABC):
    """A kind of storage.

    A subclass must implement `get`, and other methods as far as its storage supports them. `get`
    provides `get_text`, `get_local_path` and `copyfile_to_local` as well, and `put` provides
    `put_text`. A method that is missing raises `NotImplementedError`.
    """

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self).__name__

    @property
    def allow_symlink(self) -> bool:
        """Whether there are symbolic links."""
        return False

    @abstractmethod
    def get(self, filepath: PathLike) -> bytes:
        """Read a whole file.

        Args:
            filepath: The name of the file.

        Raises:
            FileNotFoundError: There is no such file.
        """

    def get_text(self, filepath: PathLike, encoding: str = "utf-8") -> str:
        """Read a whole file as text.

        Args:
            filepath: The name of the file.
            encoding: The encoding of the text.

        Returns:
            The text, without a byte order mark.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is no text in that encoding.
        """
        return decode_text(self.get(filepath), filepath, encoding)

    def put(self, obj: bytes, filepath: PathLike) -> None:
        """Write a whole file; a reader never sees half of it.

        Args:
            obj: The content.
            filepath: The name of the file.
        """
        self._not_implemented("put")

    def put_text(self, obj: str, filepath: PathLike, encoding: str = "utf-8") -> None:
        """Write a whole file as text; a reader never sees half of it.

        Args:
            obj: The content.
            filepath: The name of the file.
            encoding: The encoding of the text.
        """
        self.put(obj.encode(encoding), filepath)

    def exists(self, filepath: PathLike) -> bool:
        """Return whether there is a file or folder of this name."""
        self._not_implemented("exists")

    def isfile(self, filepath: PathLike) -> bool:
        """Return whether there is a file of this name."""
        self._not_implemented("isfile")

    def isdir(self, filepath: PathLike) -> bool:
        """Return whether there is a folder of this name."""
        self._not_implemented("isdir")

    def join_path(self, filepath: PathLike, *filepaths: PathLike) -> str:
        """Join the parts of a name with `/`.

        Args:
            filepath: The first part.
            filepaths: The further parts; a leading `/` of theirs is dropped.
        """
        parts = (os.fspath(part).lstrip("/") for part in filepaths)
        return posixpath.join(os.fspath(filepath), *parts)

    def get_local_path(self, filepath: PathLike) -> AbstractContextManager[str | Path]:
        """Give the path of a local file with the content of a file, for the length of a block.

        Args:
            filepath: The name of the file.

        Returns:
            A context manager. The local file has the last part of the name, and is removed after
            the block.

        Raises:
            FileNotFoundError: There is no such file.
        """
        return self._downloaded(filepath)

    @contextmanager
    def _downloaded(self, filepath: PathLike) -> Iterator[str | Path]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / base_name(filepath)
            self._download(filepath, path)
            yield str(path)

    def copyfile(self, src: PathLike, dst: Target) -> Target:
        """Copy a file within the storage.

        Args:
            src: The file.
            dst: The copy, which replaces a file of that name; or the folder that it goes to.

        Returns:
            The name of the copy, in the type of `dst`.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._not_implemented("copyfile")

    def copytree(self, src: PathLike, dst: Target) -> Target:
        """Copy a folder, and all in it, within the storage.

        Args:
            src: The folder.
            dst: The copy.

        Returns:
            The name of the copy.

        Raises:
            FileExistsError: `dst` exists already.
        """
        self._not_implemented("copytree")

    def copyfile_from_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a local file into the storage.

        Args:
            src: The local file.
            dst: The copy, which replaces a file of that name; or the folder that it goes to.

        Returns:
            The name of the copy.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._not_implemented("copyfile_from_local")

    def copytree_from_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a local folder, and all in it, into the storage.

        Args:
            src: The local folder.
            dst: The copy.

        Returns:
            The name of the copy.

        Raises:
            FileExistsError: `dst` exists already.
        """
        self._not_implemented("copytree_from_local")

    def copyfile_to_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a file of the storage to a local one.

        Args:
            src: The file.
            dst: The copy, which replaces a file of that name; or the folder that it goes to.

        Returns:
            The path of the copy.

        Raises:
            FileNotFoundError: There is no such file.
        """
        target = local_target(src, dst)
        with replacing(target) as temporary:
            self._download(src, temporary)
        return as_given(dst, target)

    def copytree_to_local(self, src: PathLike, dst: Target) -> Target:
        """Copy a folder of the storage, and all in it, to a local one.

        Args:
            src: The folder.
            dst: The copy.

        Returns:
            The path of the copy.

        Raises:
            FileExistsError: `dst` exists already.
        """
        self._not_implemented("copytree_to_local")

    def remove(self, filepath: PathLike) -> None:
        """Remove a file.

        Args:
            filepath: The name of the file.

        Raises:
            FileNotFoundError: There is no such file.
            IsADirectoryError: It is a folder.
        """
        self._not_implemented("remove")

    def rmtree(self, dir_path: PathLike) -> None:
        """Remove a folder, and all in it.

        Args:
            dir_path: The name of the folder.

        Raises:
            FileNotFoundError: There is no such folder.
        """
        self._not_implemented("rmtree")

    def copy_if_symlink_fails(self, src: PathLike, dst: PathLike) -> bool:
        """Make a symbolic link, or a copy where there are no links.

        Args:
            src: The file or folder.
            dst: The link or copy.

        Returns:
            Whether it is a link.

        Raises:
            FileNotFoundError: There is no such file or folder.
        """
        if self.isdir(src):
            self.copytree(src, dst)
        else:
            self.copyfile(src, dst)
        return False

    def list_dir_or_file(
        self,
        dir_path: PathLike,
        list_dir: bool = True,
        list_file: bool = True,
        suffix: str | tuple[str, ...] | None = None,
        recursive: bool = False,
    ) -> Iterator[str]:
        """Return the names in a folder, without hidden ones, which begin with a dot.

        Args:
            dir_path: The name of the folder.
            list_dir: Whether to include folders.
            list_file: Whether to include files.
            suffix: How the names of files must end, one ending or several; None takes all.
            recursive: Whether to look into the folders within.

        Returns:
            An iterator over names relative to the folder, in alphabetical order within each folder.

        Raises:
            FileNotFoundError: There is no such folder; raised when the first name is asked for.
            TypeError: `list_dir` is set although there is a `suffix`.
        """
        if suffix is not None and list_dir:
            raise TypeError(f"suffix={suffix!r} is for files; set list_dir=False with it")
        return (
            name
            for name, is_dir in self._walk(dir_path, recursive)
            if (list_dir if is_dir else list_file and name.endswith(suffix or ""))
        )

    def generate_presigned_url(
        self, url: str, client_method: str = "get_object", expires_in: int = 3600
    ) -> str:
        """Return a URL that gives users without an account access to a file for a while.

        Args:
            url: The name of the file.
            client_method: What the URL allows, by its name in the client of the storage.
            expires_in: Seconds for which it is valid.
        """
        self._not_implemented("generate_presigned_url")

    def _download(self, src: PathLike, path: Path) -> None:
        """Write the content of a file to a temporary local path."""
        path.write_bytes(self.get(src))

    def _walk(self, dir_path: PathLike, recursive: bool) -> Iterator[tuple[str, bool]]:
        """Return the names in a folder that are not hidden, each with whether it is a folder."""
        self._not_implemented("list_dir_or_file")

    def _not_implemented(self, method: str) -> NoReturn:
        raise NotImplementedError(f"{self.name} has no {method}")


def scheme_of(filepath: PathLike) -> str:
    """Return the scheme before `://` in a name; for a local file, an empty string.

    Raises:
        ValueError: The name is a `Path` that was made from a URL.
    """
    name = os.fspath(filepath)
    if ":/" not in name:
        return ""
    if not isinstance(filepath, str) and re.match(r"[a-z][a-z0-9+]+:/", name):
        raise ValueError(f"a URL must be a str, since a Path keeps one '/' only; got {name}")
    scheme, separator, _ = name.partition("://")
    return scheme if separator and scheme != "file" else ""


def local_path(filepath: PathLike) -> str:
    """Return the local path of a name, which may begin with `file://`."""
    return os.fspath(filepath).removeprefix("file://")


def local_target(src: PathLike, dst: PathLike) -> str:
    """Return the local path of a copy: `dst`, or a file in it if it is a folder."""
    target = local_path(dst)
    return os.path.join(target, base_name(src)) if os.path.isdir(target) else target


def as_given(dst: Target, name: str) -> Target:
    """Return the name of a copy in the type of `dst`."""
    return cast("Target", type(dst)(name)) if isinstance(dst, str | Path) else dst


def base_name(filepath: PathLike) -> str:
    """Return the last part of a name; for a web page, without its query."""
    name = os.fspath(filepath)
    if scheme_of(name) in ("http", "https"):
        name = urlsplit(name).path.strip("/") or "index"
    return posixpath.basename(name.rstrip("/"))
