"""The back ends, under the name by which libraries import them."""

from __future__ import annotations

from ._backend import BaseStorageBackend
from ._backend_registry import get_file_backend, register_backend
from ._fsspec import FsspecBackend
from ._http import HTTPBackend
from ._lmdb import LmdbBackend
from ._local import LocalBackend

__all__ = [
    "BaseStorageBackend",
    "FsspecBackend",
    "HTTPBackend",
    "LmdbBackend",
    "LocalBackend",
    "get_file_backend",
    "register_backend",
]
