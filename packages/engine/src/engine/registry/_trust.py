"""What a dotted path in a config may name: a registry is an allow-list, and so is this.

A text is data. By itself it reaches what is registered, and the classes of packages that have
registries. A program opens more of the world to it with `allow`. The check is on the object that a
path leads to, not on the path: what a trusted module merely imported is a stranger.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_packages: dict[str, set[str]] = {}
_allowed: set[str] = set()


def trust_scope(scope: str, package: str) -> None:
    """Note that a package has a registry of a scope."""
    _packages.setdefault(scope, set()).add(package)


def is_known_scope(scope: str) -> bool:
    """Return whether any registry has the scope."""
    return scope in _packages


def allow(*names: str) -> None:
    """Let dotted paths in configs name the classes and functions of more modules.

    Args:
        *names: Modules, with all modules below them (`'torch.nn'`), or single objects
            (`'json.loads'`). What they hold may be called by whoever writes a config.

    Raises:
        TypeError: If a name is no string.
    """
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"allow takes dotted names; got {name!r}")
        _allowed.add(name)


def trusted_object(path: str) -> Callable[..., Any] | None:
    """Return what a dotted path names, or None if there is nothing that a config may use.

    Args:
        path: A module and the name of an object in it.

    Raises:
        ImportError: If the module is there and trusted, but its import fails.
    """
    own = path.partition(".")[0] in {package for each in _packages.values() for package in each}
    allowed = _is_allowed(path)
    if not (own or allowed):
        return None
    module, _, name = path.rpartition(".")
    try:
        holder = import_module(module)
        is_lazy = name in getattr(holder, "__all__", ())
        found = getattr(holder, name, None) if is_lazy else vars(holder).get(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            return None
        raise
    home = f"{getattr(found, '__module__', None)}.{getattr(found, '__qualname__', None)}"
    if isinstance(found, type) and own and home.partition(".")[0] == path.partition(".")[0]:
        return found
    return found if allowed and callable(found) and _is_allowed(home) else None


def _is_allowed(path: str) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in _allowed)
