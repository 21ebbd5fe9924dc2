"""Which objects a string in a config may name.

A registry is an allow-list of objects. In data (a text config, the config in a checkpoint, a plain
dictionary) a dotted path names what is registered in the tree that is asked, or what a program has
allowed; nothing else is imported for it. A Python config is code, and its paths are imported.

A config tells where its values come from by a method `__trust__(key)`: True for code, False for
data, None for the values of a program.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from importlib import import_module

from ._errors import ScopeImportError

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

_allowed: set[str] = set()
_packages: set[str] = set()

FROM_DATA: ContextVar[bool] = ContextVar("engine_from_data", default=False)
"""Whether a part is being built from data in this context, with all that it builds itself."""

HOW_TO_ALLOW = (
    "To allow it, trust the config (trust=True, --trust on the command line) or write it in "
    "Python; a program allows it by engine.registry.allow({!r})"
)


def allow(*names: str) -> None:
    """Let strings in configs name more classes, functions and libraries.

    Args:
        *names: Modules, with all modules below them (`'torch.nn'`), or single objects
            (`'json.loads'`). What they hold may be called by whoever writes a config. A library
            that is not announced is found by its scope from now on, and a part that is named by
            itself may have all of its options.

    Raises:
        TypeError: If a name is not a str.
    """
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"allow takes dotted names; got {name!r}")
        _allowed.add(name)


def disallow() -> None:
    """Take back all that `allow` has allowed."""
    _allowed.clear()


def add_package(package: str) -> None:
    """Note that a package has registries: what it offers lazily is loaded for a dotted path."""
    _packages.add(package)


def is_allowed(path: str) -> bool:
    """Return whether a program has allowed a dotted path, or a module above it."""
    return any(path == name or path.startswith(f"{name}.") for name in _allowed)


def path_of(target: object) -> str:
    """Return the dotted path at which a class or function was defined."""
    name = str(getattr(target, "__qualname__", None)).partition("(")[0]
    return f"{getattr(target, '__module__', None)}.{name}"


def trust_of(cfg: object, key: str = "type") -> bool | None:
    """Return whether the value of a key comes from code (True), from data (False) or a program."""
    ask = getattr(type(cfg), "__trust__", None)
    told: bool | None = None if ask is None else ask(cfg, key)
    return told


def from_data(cfg: object, key: str = "type") -> bool:
    """Return whether the value of a key comes from data.

    A dictionary that does not know it is data where a part of data is being built.
    """
    if not hasattr(type(cfg), "__trust__"):
        return FROM_DATA.get()
    return trust_of(cfg, key) is False


def holds_data(cfg: Mapping[str, Any]) -> bool:
    """Return whether a value in a config comes from data, whoever says what is made of it."""
    ask = getattr(type(cfg), "__trust__", None)
    return ask is not None and any(ask(cfg, key) is False for key in cfg)


def is_building_from_data() -> bool:
    """Return whether a part that is data describes is being built in this context."""
    return FROM_DATA.get()


def registered_object(path: str, held: Iterable[Any]) -> Any:
    """Return what a dotted path names among the objects of a tree, or None.

    The modules that registered them are loaded; no other is imported for the path.

    Args:
        path: A module and the name of an object in it.
        held: The objects that the nodes of the tree hold.
    """
    module, _, name = path.rpartition(".")
    holder = sys.modules.get(module)
    is_lazy = path.partition(".")[0] in _packages and name in getattr(holder, "__all__", ())
    found = getattr(holder, name, None) if is_lazy else vars(holder or object).get(name)
    return next(
        (each for each in held if each is found or (found is None and path_of(each) == path)), None
    )


def allowed_object(path: str, *, is_code: bool) -> Callable[..., Any] | None:
    """Return what a dotted path names where code names it, or a program has allowed it, or None.

    Args:
        path: A module and the name of an object in it.
        is_code: Whether a Python config names it.

    Raises:
        ScopeImportError: If the module is there, but its import fails.
    """
    if not (is_code or is_allowed(path)):
        return None
    found = _imported(path)
    if is_code:
        return found if callable(found) else None
    # What an allowed module merely imported is a stranger.
    return found if callable(found) and is_allowed(path_of(found)) else None


def _imported(path: str) -> Any:
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
            raise _broken(path, error) from error
        except (Exception, SystemExit) as error:  # whatever a module does when it is imported
            raise _broken(path, error) from error
        for name in parts[count:]:
            found = getattr(found, name, None)
        return found
    return None


def _broken(path: str, error: BaseException) -> ScopeImportError:
    return ScopeImportError(f"the import for {path!r} fails: {type(error).__name__}: {error}")
