"""Which back end a name belongs to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, overload

from engine.utils import did_you_mean

from ._backend import BaseStorageBackend, PathLike, scheme_of
from ._fsspec import FsspecBackend
from ._http import HTTPBackend
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
    """Register a back end; without `backend`, as a decorator of its class.

    Args:
        name: What `backend` in `backend_args` calls it.
        backend: The class.
        force: Whether it may take over names and prefixes that are taken.
        prefixes: What stands before `://` in the names that belong to it; `''` means local names.

    Raises:
        TypeError: The class is no subclass of `BaseStorageBackend`.
        ValueError: The name or a prefix is taken already.
    """
    wanted = [prefixes] if isinstance(prefixes, str) else list(prefixes or ())

    def register(cls: B) -> B:
        if not (isinstance(cls, type) and issubclass(cls, BaseStorageBackend)):
            raise TypeError(f"a back end is a subclass of BaseStorageBackend, not {cls!r}")
        for taken, key in [(_by_name, name), *((_by_prefix, prefix) for prefix in wanted)]:
            if key in taken and not force:
                raise ValueError(
                    f"{key!r} is that of {taken[key].__name__} already; force=True replaces it"
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
    """Return the back end that a name belongs to.

    The name `backend` in `backend_args` decides; without one, what stands before `://` in `uri`.
    All that no back end was registered for goes to `FsspecBackend`.

    Args:
        uri: The name of a file; not needed where `backend_args` has a `backend`.
        backend_args: Arguments of the back end, and perhaps its name under `backend`.
        enable_singleton: Whether an object with the same arguments is used again.

    Raises:
        ValueError: There is no back end of that name, or neither a name nor a `uri`.
        TypeError: The back end does not take the arguments.
    """
    options = dict(backend_args or ())
    name = options.pop("backend", None)
    if name is not None:
        if name not in _by_name:
            hint = did_you_mean(name, _by_name)
            raise ValueError(
                f"there is no storage back end {name!r}{hint}; there are {', '.join(_by_name)}"
            )
        cls = _by_name[name]
    elif uri is not None:
        cls = _by_prefix.get(scheme_of(uri), FsspecBackend)
    else:
        raise ValueError("a back end is chosen by a uri, or by the name 'backend' in backend_args")
    if not enable_singleton:
        return _made(cls, options)
    key = (cls, _frozen(options))
    if key not in _shared:
        _shared[key] = _made(cls, options)
    return _shared[key]


def _made(cls: type[BaseStorageBackend], options: dict[str, Any]) -> BaseStorageBackend:
    try:
        inspect.signature(cls).bind(**options)
    except TypeError as error:
        raise TypeError(f"backend_args of {cls.__name__}: {error}") from None
    return cls(**options)


def _frozen(value: Any) -> Hashable:
    """Return a value as a key: equal for equal values, and for no others."""
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return type(value), value


register_backend("local", LocalBackend, prefixes="")
register_backend("http", HTTPBackend, prefixes=("http", "https"))
register_backend("lmdb", LmdbBackend)
register_backend("fsspec", FsspecBackend)
