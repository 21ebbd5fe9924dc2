"""Trust: where the values of a config come from, and which objects they may name.

A registry is an allowlist of objects. In data (a text config, the config in a checkpoint, a plain
dictionary) a dotted path names what is registered in the tree that is asked, or what a program has
allowed; nothing else is imported for it. A Python config is code, and its paths are imported.

A config tells the origin of a value by a method `__trust__(key)`: True for code, False for data,
None for a program.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from ._errors import ScopeImportError

_allowed: set[str] = set()
_packages: set[str] = set()

FROM_DATA: ContextVar[bool] = ContextVar("engine_from_data", default=False)
"""Whether a part is built from data in this context; the parts that it builds count too."""

HOW_TO_ALLOW = (
    "To allow it, trust the config (trust=True, --trust on the command line) or write it in "
    "Python; a program allows it by engine.registry.allow({!r})"
)


def allow(*names: str) -> None:
    """Let data name more classes, functions and libraries.

    Args:
        *names: Modules, with all modules below them (`'torch.nn'`), or single objects
            (`'json.loads'`). Whoever writes a config may call what they hold. A library that is not
            announced is found by its scope from now on, and data may set all options of a part that
            is named itself.

    Raises:
        TypeError: If a name is not a str.
    """
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"allow takes dotted names; got {name!r}")
        _allowed.add(name)


def disallow() -> None:
    """Withdraw everything that `allow` has allowed."""
    _allowed.clear()


def add_package(package: str) -> None:
    """Let a dotted path load the lazy names of a package, since it has registries."""
    _packages.add(package)


def is_allowed(path: str) -> bool:
    """Return whether a program has allowed a dotted path, or a module above it."""
    return any(path == name or path.startswith(f"{name}.") for name in _allowed)


def path_of(target: object) -> str:
    """Return the dotted path at which a class or function was defined."""
    name = str(getattr(target, "__qualname__", None)).partition("(")[0]
    return f"{getattr(target, '__module__', None)}.{name}"


def trust_of(cfg: object, key: str = "type") -> bool | None:
    """Return the origin of a value: True for code, False for data, None for a program."""
    get_trust = getattr(type(cfg), "__trust__", None)
    trusted: bool | None = None if get_trust is None else get_trust(cfg, key)
    return trusted


def from_data(cfg: object, key: str = "type") -> bool:
    """Return whether the value of a key comes from data.

    A plain dictionary is data while a part is built from data.
    """
    if not hasattr(type(cfg), "__trust__"):
        return FROM_DATA.get()
    return trust_of(cfg, key) is False


def holds_data(cfg: Mapping[str, Any]) -> bool:
    """Return whether any value of a config comes from data."""
    get_trust = getattr(type(cfg), "__trust__", None)
    return get_trust is not None and any(get_trust(cfg, key) is False for key in cfg)


def is_building_from_data() -> bool:
    """Return whether a part is built from data in this context."""
    return FROM_DATA.get()


def get_registered_object(path: str, registered: Iterable[Any]) -> Any:
    """Return the registered object that a dotted path names, or None.

    The modules that registered them are loaded; no other is imported for the path.

    Args:
        path: A module and the name of an object in it.
        registered: The objects that are registered in the tree.
    """
    module, _, name = path.rpartition(".")
    holder = sys.modules.get(module)
    is_lazy = path.partition(".")[0] in _packages and name in getattr(holder, "__all__", ())
    found = getattr(holder, name, None) if is_lazy else vars(holder or object).get(name)
    return next(
        (each for each in registered if each is found or (found is None and path_of(each) == path)),
        None,
    )


def get_allowed_object(path: str, *, is_code: bool) -> Callable[..., Any] | None:
    """Return what a dotted path names if code names it or a program has allowed it, else None.

    Args:
        path: A module and the name of an object in it.
        is_code: Whether a Python config names it.

    Raises:
        ScopeImportError: If the module is there, but its import fails.
    """
    if not (is_code or is_allowed(path)):
        return None
    found = _import_path(path)
    if is_code:
        return found if callable(found) else None
    # What an allowed module imports from elsewhere is not allowed.
    return found if callable(found) and is_allowed(path_of(found)) else None


def _import_path(path: str) -> Any:
    parts = path.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    found: Any = None
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        try:
            found = import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and f"{module}.".startswith(f"{error.name}."):
                continue
            raise _make_import_error(path, error) from error
        except (Exception, SystemExit) as error:  # whatever a module does when it is imported
            raise _make_import_error(path, error) from error
        for name in parts[count:]:
            found = getattr(found, name, None)
        return found
    return None


def _make_import_error(path: str, error: BaseException) -> ScopeImportError:
    return ScopeImportError(f"the import for {path!r} fails: {type(error).__name__}: {error}")
