"""Copies of files and folders, within a storage and between one and this machine."""

from __future__ import annotations

from ._backend import BaseStorageBackend, PathLike, scheme_of
from ._backend_registry import BackendArgs
from ._io import backend_of


def copyfile(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a file within a storage.

    Args:
        src: The file, a local path or a URL.
        dst: The copy, which replaces a file of that name; or the folder that it goes to.
        backend_args: Arguments of the back end.

    Returns:
        The name of the copy.

    Raises:
        FileNotFoundError: There is no such file.
        shutil.SameFileError: Both are the same local file.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copyfile(src, dst)


def copytree(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a folder, and all in it, within a storage.

    Args:
        src: The folder, a local path or a URL.
        dst: The copy.
        backend_args: Arguments of the back end.

    Returns:
        The name of the copy.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` is there already.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copytree(src, dst)


def copyfile_from_local(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a local file into a storage.

    Args:
        src: The local file.
        dst: The copy, which replaces a file of that name; or the folder that it goes to.
        backend_args: Arguments of the back end of `dst`.

    Returns:
        The name of the copy.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return backend_of(dst, backend_args).copyfile_from_local(src, dst)


def copytree_from_local(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a local folder, and all in it, into a storage.

    Args:
        src: The local folder.
        dst: The copy.
        backend_args: Arguments of the back end of `dst`.

    Returns:
        The name of the copy.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` is there already.
    """
    return backend_of(dst, backend_args).copytree_from_local(src, dst)


def copyfile_to_local(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a file of a storage to a local one.

    Args:
        src: The file.
        dst: The copy, which replaces a file of that name; or the folder that it goes to.
        backend_args: Arguments of the back end of `src`.

    Returns:
        The path of the copy.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return backend_of(src, backend_args).copyfile_to_local(src, dst)


def copytree_to_local(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copy a folder of a storage, and all in it, to a local one.

    Args:
        src: The folder.
        dst: The copy.
        backend_args: Arguments of the back end of `src`.

    Returns:
        The path of the copy.

    Raises:
        FileNotFoundError: There is no such folder.
        FileExistsError: `dst` is there already.
    """
    return backend_of(src, backend_args).copytree_to_local(src, dst)


def copy_if_symlink_fails(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> bool:
    """Make a symbolic link, or a copy where there are no links.

    Args:
        src: The file or folder, a local path or a URL.
        dst: The link or copy.
        backend_args: Arguments of the back end.

    Returns:
        Whether it is a link.

    Raises:
        FileNotFoundError: There is no such file or folder.
        FileExistsError: `dst` is there already, where links can be made.
        ValueError: Both are in different storages.
    """
    return _backend_of_both(src, dst, backend_args).copy_if_symlink_fails(src, dst)


def _backend_of_both(src: PathLike, dst: PathLike, backend_args: BackendArgs) -> BaseStorageBackend:
    if "backend" not in (backend_args or ()) and scheme_of(src) != scheme_of(dst):
        raise ValueError(
            f"{src} and {dst} are in different storages; copyfile_from_local, copyfile_to_local "
            "and the like copy from one to the other"
        )
    return backend_of(src, backend_args)
