"""Paths of files and folders."""

from __future__ import annotations

import os

from ._check_types import check_types

TYPE_CHECKING = False  # as in _manager.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

PathLike = str | os.PathLike[str]


def is_filepath(x: object) -> bool:
    """Return whether `x` can be the name of a file: a string or a path."""
    return isinstance(x, str | os.PathLike)


def is_abs(path: PathLike) -> bool:
    """Return whether a name means the same from every folder: an absolute path, or a URL."""
    return is_url(path) or os.path.isabs(path)


def fopen(filepath: PathLike, *args: Any, **kwargs: Any) -> IO[Any]:
    """Open a local file, as the built-in `open` does.

    Args:
        filepath: The file.
        *args: Passed on to `open`.
        **kwargs: Passed on to `open`.

    Raises:
        TypeError: If `filepath` is neither a string nor a path.
    """
    if not is_filepath(filepath):
        raise TypeError(f"a file is named by a string or a path, not by {filepath!r}")
    opened: IO[Any] = open(filepath, *args, **kwargs)  # noqa: SIM115 (the caller closes it)
    return opened


@check_types
def check_file_exist(filename: PathLike, msg_tmpl: str = 'file "{}" does not exist') -> None:
    """Raise an error where a local file is missing.

    Args:
        filename: The file.
        msg_tmpl: The text of the error, with `{}` for the name.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if not os.path.isfile(filename):
        raise FileNotFoundError(msg_tmpl.format(filename))


@check_types
def mkdir_or_exist(dir_name: PathLike, mode: int = 0o777) -> None:
    """Make a folder and those above it, unless it is there.

    Args:
        dir_name: The folder, where `~` is that of the user; an empty name means the present one.
        mode: Its permissions.
    """
    if os.fspath(dir_name):
        os.makedirs(os.path.expanduser(dir_name), mode, exist_ok=True)


@check_types
def symlink(src: PathLike, dst: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
    """Make a symbolic link.

    Args:
        src: What it points to, as seen from the folder of the link.
        dst: The link.
        overwrite: Whether a file or link of that name is removed first.
        **kwargs: Passed on to `os.symlink`.

    Raises:
        FileExistsError: If `dst` is there and is not to be overwritten.
    """
    if overwrite and os.path.lexists(dst):
        os.remove(dst)
    os.symlink(src, dst, **kwargs)


@check_types
def scandir(
    dir_path: PathLike,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    case_sensitive: bool = True,
) -> Iterator[str]:
    """Return the files of a local folder in alphabetical order, without the hidden ones.

    Args:
        dir_path: The folder.
        suffix: How the names must end, one ending or several; None takes all files.
        recursive: Whether to look into the folders within.
        case_sensitive: Whether upper and lower case differ in endings.

    Returns:
        An iterator over paths from the folder on.
    """
    endings = suffix or ""
    files = (path for path, is_dir in walk(dir_path, recursive) if not is_dir)
    if case_sensitive:
        return (path for path in files if path.endswith(endings))
    endings = endings.lower() if isinstance(endings, str) else tuple(map(str.lower, endings))
    return (path for path in files if path.lower().endswith(endings))


def walk(folder: PathLike, recursive: bool = False, below: str = "") -> Iterator[tuple[str, bool]]:
    """Return what is in a local folder in alphabetical order, without what is hidden.

    Args:
        folder: The folder.
        recursive: Whether to look into the folders within.
        below: What to put in front of each path.

    Returns:
        An iterator over paths from the folder on, each with whether it is a folder.
    """
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if not entry.name.startswith("."):
            path, is_dir = os.path.join(below, entry.name), entry.is_dir()
            yield path, is_dir
            if is_dir and recursive:
                yield from walk(entry.path, recursive, path)


def is_url(name: object) -> bool:
    """Return whether the text of a name is a URL, such as `s3://bucket/x.pth`, and no path."""
    return "://" in str(name)


def find_vcs_root(path: PathLike, markers: Iterable[str] = (".git",)) -> str | None:
    """Return the next folder at or above a path that holds one of some names, such as `.git`.

    Args:
        path: A file or folder.
        markers: The names.
    """
    folder = os.path.abspath(path)
    while not any(os.path.exists(os.path.join(folder, each)) for each in markers):
        if (above := os.path.dirname(folder)) == folder:
            return None
        folder = above
    return folder
