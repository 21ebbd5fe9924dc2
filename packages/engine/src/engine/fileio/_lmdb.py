"""Backend for LMDB, the Lightning Memory-Mapped Database."""

from __future__ import annotations

import os
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ._backend import BaseStorageBackend, PathLike

if TYPE_CHECKING:
    from lmdb import Environment

# LMDB forbids to open a database twice in one process, and to use it in one that was forked.
_opened: dict[str, Environment] = {}
_opening = threading.Lock()


class LmdbBackend(BaseStorageBackend):
    """The values of an LMDB database, whose keys are names of files in UTF-8. It is only read.

    Args:
        db_path: The folder of the database, or its file with `subdir=False`.
        readonly: Whether the database is opened for reading only.
        lock: Whether to lock it, which is needed while another process writes to it.
        readahead: Whether the system reads ahead, which costs time where the order is random.
        **kwargs: Further options of `lmdb.open`.

    Raises:
        ImportError: The package lmdb is missing.
    """

    def __init__(
        self,
        db_path: PathLike,
        readonly: bool = True,
        lock: bool = False,
        readahead: bool = False,
        **kwargs: Any,
    ) -> None:
        if find_spec("lmdb") is None:
            raise ImportError('LmdbBackend needs lmdb: pip install "engine[lmdb]"')
        self.db_path: str = os.fspath(db_path)
        self._options = {"readonly": readonly, "lock": lock, "readahead": readahead, **kwargs}

    def get(self, filepath: PathLike) -> bytes:
        """Read a whole value."""
        value = self._value(filepath)
        if value is None:
            raise FileNotFoundError(f"{self.db_path} has no {os.fspath(filepath)!r}")
        return value

    def get_text(self, filepath: PathLike, encoding: str | None = None) -> str:
        """Read a whole value as text, in UTF-8 if no `encoding` is given."""
        return super().get_text(filepath, encoding or "utf-8")

    def exists(self, filepath: PathLike) -> bool:
        """Return whether there is a value of this name."""
        return self._value(filepath) is not None

    def isfile(self, filepath: PathLike) -> bool:
        """Return whether there is a value of this name."""
        return self.exists(filepath)

    def _value(self, filepath: PathLike) -> bytes | None:
        with self._environment().begin() as transaction:
            value: bytes | None = transaction.get(os.fspath(filepath).encode())
        return value

    def _environment(self) -> Environment:
        import lmdb  # deferred: only this backend needs it

        path = os.path.realpath(self.db_path)
        with _opening:
            if path not in _opened:
                if not os.path.exists(path):
                    raise FileNotFoundError(f"there is no database {self.db_path}")
                _opened[path] = lmdb.open(path, **self._options)
            return _opened[path]


def _close_all() -> None:
    while _opened:
        _opened.popitem()[1].close()
    _opening.release()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(
        before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_close_all
    )
