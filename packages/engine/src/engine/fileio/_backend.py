"""The verbs that a back end may have."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from engine.utils import decoded

from ._atomic import replacing

PathLike = str | os.PathLike[str]


class BaseStorageBackend(ABC):
    """A kind of storage.

    A subclass needs `get`, and whichever of the other verbs its storage has a meaning for. With
    `get` it has `get_text`, `get_local_path` and `copyfile_to_local` as well, with `put` it has
    `put_text`. A verb that it lacks raises `NotImplementedError`.
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
        return decoded(self.get(filepath), filepath, encoding)

    def put(self, obj: bytes, filepath: PathLike) -> None:
        """Write a whole file, so that a reader sees the former one or this one.

        Args:
            obj: The content.
            filepath: The name of the file.
        """
        self._lacks("put")

    def put_text(self, obj: str, filepath: PathLike, encoding: str = "utf-8") -> None:
        """Write a whole file as text, so that a reader sees the former one or this one.

        Args:
            obj: The content.
            filepath: The name of the file.
            encoding: The encoding of the text.
        """
        self.put(obj.encode(encoding), filepath)

    def exists(self, filepath: PathLike) -> bool:
        """Return whether there is a file or folder of this name."""
        self._lacks("exists")

    def isfile(self, filepath: PathLike) -> bool:
        """Return whether there is a file of this name."""
        self._lacks("isfile")

    def isdir(self, filepath: PathLike) -> bool:
        """Return whether there is a folder of this name."""
        self._lacks("isdir")

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
            path = Path(folder) / last_part(filepath)
            self._download(filepath, path)
            yield str(path)

    def copyfile(self, src: PathLike, dst: PathLike) -> str:
        """Copy a file within the storage.

        Args:
            src: The file.
            dst: The copy, which replaces a file of that name; or the folder that it goes to.

        Returns:
            The name of the copy.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._lacks("copyfile")

    def copytree(self, src: PathLike, dst: PathLike) -> str:
        """Copy a folder, and all in it, within the storage.

        Args:
            src: The folder.
            dst: The copy.

        Returns:
            The name of the copy.

        Raises:
            FileExistsError: `dst` is there already.
        """
        self._lacks("copytree")

    def copyfile_from_local(self, src: PathLike, dst: PathLike) -> str:
        """Copy a local file into the storage.

        Args:
            src: The local file.
            dst: The copy, which replaces a file of that name; or the folder that it goes to.

        Returns:
            The name of the copy.

        Raises:
            FileNotFoundError: There is no such file.
        """
        self._lacks("copyfile_from_local")

    def copytree_from_local(self, src: PathLike, dst: PathLike) -> str:
        """Copy a local folder, and all in it, into the storage.

        Args:
            src: The local folder.
            dst: The copy.

        Returns:
            The name of the copy.

        Raises:
            FileExistsError: `dst` is there already.
        """
        self._lacks("copytree_from_local")

    def copyfile_to_local(self, src: PathLike, dst: PathLike) -> str:
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
        return target

    def copytree_to_local(self, src: PathLike, dst: PathLike) -> str:
        """Copy a folder of the storage, and all in it, to a local one.

        Args:
            src: The folder.
            dst: The copy.

        Returns:
            The path of the copy.

        Raises:
            FileExistsError: `dst` is there already.
        """
        self._lacks("copytree_to_local")

    def remove(self, filepath: PathLike) -> None:
        """Remove a file.

        Args:
            filepath: The name of the file.

        Raises:
            FileNotFoundError: There is no such file.
            IsADirectoryError: It is a folder.
        """
        self._lacks("remove")

    def rmtree(self, dir_path: PathLike) -> None:
        """Remove a folder, and all in it.

        Args:
            dir_path: The name of the folder.

        Raises:
            FileNotFoundError: There is no such folder.
        """
        self._lacks("rmtree")

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
        """Return what is in a folder, without what is hidden: names that begin with a dot.

        Args:
            dir_path: The name of the folder.
            list_dir: Whether folders belong in.
            list_file: Whether files belong in.
            suffix: How the names of files must end, one ending or several; None takes all.
            recursive: Whether to look into the folders within.

        Returns:
            An iterator over names from the folder on, each folder in alphabetical order.

        Raises:
            FileNotFoundError: There is no such folder; raised when the first name is asked for.
            TypeError: `list_dir` is set though there is a `suffix`.
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
        """Return a URL by which somebody without an account can reach a file for a while.

        Args:
            url: The name of the file.
            client_method: What the URL allows, as the client of the storage calls it.
            expires_in: For how many seconds it works.
        """
        self._lacks("generate_presigned_url")

    def _download(self, src: PathLike, path: Path) -> None:
        """Write the content of a file to a local path that nobody reads yet."""
        path.write_bytes(self.get(src))

    def _walk(self, dir_path: PathLike, recursive: bool) -> Iterator[tuple[str, bool]]:
        """Return the names in a folder that are not hidden, each with whether it is a folder."""
        self._lacks("list_dir_or_file")

    def _lacks(self, verb: str) -> NoReturn:
        raise NotImplementedError(f"{self.name} has no {verb}")


def scheme_of(filepath: PathLike) -> str:
    """Return what stands before `://` in a name; for a local file, an empty string.

    Raises:
        ValueError: The name is a `Path` that was made of a URL.
    """
    name = os.fspath(filepath)
    if ":/" not in name:
        return ""
    if not isinstance(filepath, str) and re.match(r"[a-z][a-z0-9+]+:/", name):
        raise ValueError(f"{name} was a URL, of which a Path keeps one '/' only; write a string")
    scheme, separator, _ = name.partition("://")
    return scheme if separator and scheme != "file" else ""


def local_path(filepath: PathLike) -> str:
    """Return the local path that a name means, which may begin with `file://`."""
    return os.fspath(filepath).removeprefix("file://")


def local_target(src: PathLike, dst: PathLike) -> str:
    """Return the local path of a copy: `dst`, or that of a file in it where it is a folder."""
    target = local_path(dst)
    return os.path.join(target, last_part(src)) if os.path.isdir(target) else target


def last_part(filepath: PathLike) -> str:
    """Return the last part of a name; of a page on the web, without its query."""
    name = os.fspath(filepath)
    if scheme_of(name) in ("http", "https"):
        name = urlsplit(name).path.strip("/") or "index"
    return posixpath.basename(name.rstrip("/"))
