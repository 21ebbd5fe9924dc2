"""Storage by the names that it had before the functions of `engine.fileio`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from engine.fileio import BaseStorageBackend, LocalBackend, get_file_backend, register_backend


class HardDiskBackend(LocalBackend):
    """The local backend by its old name."""

    def __init__(self) -> None:
        warnings.warn(
            "HardDiskBackend is deprecated; write LocalBackend", DeprecationWarning, stacklevel=2
        )


class FileClient:
    """A storage backend, whose methods it has: `FileClient('disk').get(path)`.

    There is one instance for each set of arguments.

    Args:
        backend: The name of the backend; the local one if `prefix` is None as well.
        prefix: The scheme before `://` of the files, in place of a name.
        **kwargs: Arguments of the backend.

    Attributes:
        client: The backend.

    Raises:
        ValueError: There is no backend of that name.
    """

    client: BaseStorageBackend
    _make: Callable[[], Any]

    _instances: ClassVar[dict[int, Any]] = {}

    def __new__(cls, backend: str | None = None, prefix: str | None = None, **kwargs: Any) -> Self:
        """Return the instance for these arguments."""
        if backend is None and prefix is not None:
            uri, args = f"{prefix}://", kwargs
        else:
            uri, args = None, {"backend": backend or "disk", **kwargs}
        client = get_file_backend(uri, backend_args=args, enable_singleton=True)
        if id(client) not in cls._instances:  # such a backend lives as long as the process
            instance = super().__new__(cls)
            instance.client = client
            instance._make = partial(cls, backend, prefix, **kwargs)
            cls._instances[id(client)] = instance
        found: Self = cls._instances[id(client)]
        return found

    def __reduce__(self) -> tuple[Callable[[], Any], tuple[()]]:
        return self._make, ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    @staticmethod
    def parse_uri_prefix(uri: str | Path) -> str | None:
        """Return the scheme of a name, `s3` of `s3://a` and `cluster:s3://a`; None of a path.

        Args:
            uri: The name of a file.
        """
        scheme, separator, _ = str(uri).partition("://")
        return scheme.rpartition(":")[2] if separator else None

    @classmethod
    def infer_client(
        cls, file_client_args: Mapping[str, Any] | None = None, uri: str | Path | None = None
    ) -> Self:
        """Return the client for certain arguments, or for a file.

        Args:
            file_client_args: The arguments of `FileClient`.
            uri: The name of a file, by whose scheme the backend is chosen without them.

        Raises:
            ValueError: If neither is given.
        """
        if file_client_args is not None:
            return cls(**file_client_args)
        if uri is None:
            raise ValueError("file_client_args or uri must be given")
        prefix = cls.parse_uri_prefix(uri)
        return cls() if prefix is None else cls(prefix=prefix)

    @classmethod
    def register_backend(
        cls,
        name: str,
        backend: type[BaseStorageBackend] | None = None,
        force: bool = False,
        prefixes: str | list[str] | tuple[str, ...] | None = None,
    ) -> Callable[[Any], Any] | None:
        """Register a backend, as `engine.fileio.register_backend` does.

        Args:
            name: Its name.
            backend: The class; without it, a decorator of the class is returned.
            force: Whether it may replace another.
            prefixes: The schemes of its files.
        """
        if backend is None:
            return register_backend(name, None, force, prefixes)
        register_backend(name, backend, force, prefixes)
        return None
