"""Backends under the module name of MMEngine."""

from __future__ import annotations

from ._backend import BaseStorageBackend
from ._backend_registry import get_file_backend, register_backend
from ._fsspec import FsspecBackend, HTTPBackend
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
