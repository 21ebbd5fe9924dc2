"""Registry of storage backends, by name and by URL prefix."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, overload

from engine.utils import did_you_mean

from ._backend import BaseStorageBackend, PathLike, scheme_of
from ._fsspec import FsspecBackend, HTTPBackend
from ._lmdb import LmdbBackend
from ._local import LocalBackend

BackendArgs = Mapping[str, Any] | None
B = TypeVar("B", bound=type[BaseStorageBackend])

_by_name: dict[str, type[BaseStorageBackend]] = {}
_by_prefix: dict[str, type[BaseStorageBackend]] = {}
_shared: dict[Hashable, BaseStorageBackend] = {}


@overload
def register_backend(
    name: str,
    backend: B,
    force: bool = False,
    prefixes: str | Sequence[str] | None = None,
) -> B: ...


@overload
def register_backend(
    name: str,
    backend: None = None,
    force: bool = False,
    prefixes: str | Sequence[str] | None = None,
) -> Callable[[B], B]: ...


def register_backend(
    name: str,
    backend: type[BaseStorageBackend] | None = None,
    force: bool = False,
    prefixes: str | Sequence[str] | None = None,
) -> Any:
    """Register a backend; without `backend`, as a decorator of its class.

    Args:
        name: Its name as the `backend` in `backend_args`.
        backend: The class.
        force: Whether it may replace the owner of a name or prefix.
        prefixes: The schemes before `://` in the names of its files; `''` means local names.

    Raises:
        TypeError: The name is no str, or the class no subclass of `BaseStorageBackend`.
        ValueError: The name or a prefix is taken already.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a backend is a str; got {name!r}")
    wanted = [prefixes] if isinstance(prefixes, str) else list(prefixes or ())

    def register(cls: B) -> B:
        if not (isinstance(cls, type) and issubclass(cls, BaseStorageBackend)):
            raise TypeError(f"a backend must be a subclass of BaseStorageBackend; got {cls!r}")
        for taken, key in [(_by_name, name), *((_by_prefix, prefix) for prefix in wanted)]:
            if key in taken and not force:
                raise ValueError(
                    f"{key!r} belongs to {taken[key].__name__} already; force=True replaces it"
                )
        _by_name[name] = cls
        _by_prefix.update(dict.fromkeys(wanted, cls))
        return cls

    return register if backend is None else register(backend)


def get_file_backend(
    uri: PathLike | None = None,
    *,
    backend_args: BackendArgs = None,
    enable_singleton: bool = False,
) -> BaseStorageBackend:
    """Return the backend of a file.

    The `backend` in `backend_args` decides, or else the scheme before `://` in `uri`. A scheme that
    is not registered belongs to `FsspecBackend`.

    Args:
        uri: The name of a file; not needed where `backend_args` has a `backend`.
        backend_args: Arguments of the backend, and optionally its name as `backend`.
        enable_singleton: Whether to reuse the object of former calls with the same arguments.

    Raises:
        ValueError: There is no backend of that name, or neither a name nor a `uri`.
        TypeError: The backend does not take the arguments.
    """
    options = dict(backend_args or ())
    name = options.pop("backend", None)
    if name is not None:
        if name not in _by_name:
            hint = did_you_mean(name, _by_name)
            raise ValueError(
                f"there is no storage backend {name!r}{hint}; known are {', '.join(_by_name)}"
            )
        cls = _by_name[name]
    elif uri is not None:
        cls = _by_prefix.get(scheme_of(uri), FsspecBackend)
    else:
        raise ValueError("a uri, or 'backend' in backend_args, must be given")
    if not enable_singleton:
        return _make_backend(cls, options)
    key = (cls, _freeze(options))
    if key not in _shared:
        _shared[key] = _make_backend(cls, options)
    return _shared[key]


def _make_backend(cls: type[BaseStorageBackend], options: dict[str, Any]) -> BaseStorageBackend:
    try:
        inspect.signature(cls).bind(**options)
    except TypeError as error:
        raise TypeError(f"backend_args of {cls.__name__}: {error}") from None
    return cls(**options)


def _freeze(value: Any) -> Hashable:
    """Return a hashable value: equal for equal values, and for no others."""
    if isinstance(value, Mapping):
        return frozenset((key, _freeze(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_freeze, value))
    return type(value), value


register_backend("local", LocalBackend, prefixes="")
register_backend("disk", LocalBackend)  # as it was called before there were backend_args
register_backend("http", HTTPBackend, prefixes=("http", "https"))
register_backend("lmdb", LmdbBackend)
register_backend("fsspec", FsspecBackend)
