"""Which library a scope belongs to, and its import.

A library announces its scope by the entry point group `engine.scopes`:

    [project.entry-points."engine.scopes"]
    mmalpha = "mmalpha.registry"

One without an entry point is found if its package has the name of the scope and a `registry`.
"""

from __future__ import annotations

import sys
from importlib import import_module

from engine.utils import did_you_mean

from ._errors import NotRegisteredError, ScopeImportError, ScopeNotInstalledError

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

GROUP = "engine.scopes"
PENDING = "pending"
IMPORTED = "imported"


_announcements: dict[str, EntryPoint] | None = None


def _announced() -> Mapping[str, EntryPoint]:
    global _announcements  # noqa: PLW0603  # `functools.cache` would cost more than the import has
    if _announcements is None:  # the scan takes a while, and is done once, when it is needed
        from importlib.metadata import entry_points

        _announcements = {entry.name: entry for entry in entry_points(group=GROUP)}
    return _announcements


def announced_scopes() -> Mapping[str, str]:
    """Return the registry module of each scope that an installed library announces."""
    return {scope: entry.value for scope, entry in _announced().items()}


def is_installed(package: str) -> bool:
    """Return whether a package is there, without its import."""
    from importlib.util import find_spec  # deferred: a look-up that succeeds needs none

    if package in sys.modules:
        return True
    return package.isidentifier() and find_spec(package) is not None


def registry_module(scope: str) -> str | None:
    """Return the name of the registry module of `scope`, or None if no library has it.

    Raises:
        ScopeImportError: If the package of the scope is there, but its import fails.
    """
    if scope in _announced():
        return _announced()[scope].value
    if not is_installed(scope):
        return None
    from importlib.util import find_spec

    try:
        return f"{scope}.registry" if find_spec(f"{scope}.registry") else None
    except ModuleNotFoundError as error:
        if error.name == f"{scope}.registry":  # the scope is a plain module, not a package
            return None
        raise _broken(scope, scope, error) from error
    except Exception as error:
        raise _broken(scope, scope, error) from error


def import_scope(scope: str) -> None:
    """Import the registry module of `scope`, by which its registries join their trees.

    Raises:
        ScopeNotInstalledError: If no package of that name is installed.
        NotRegisteredError: If there is such a package, but it has no registries.
        ScopeImportError: If the import fails, which is the cause, or a library that it builds upon
            is installed in a version with which it does not work.
    """
    module = registry_module(scope)
    if module is None and is_installed(scope):
        raise NotRegisteredError(
            f"{scope!r} is a Python package without registries, so it is no scope. A name resolves "
            "in registries, a dotted path in the packages of registered scopes only"
        )
    if module is None:
        hint = did_you_mean(scope, announced_scopes())
        raise ScopeNotInstalledError(
            f"the library of the scope {scope!r} is not installed{hint or '.'} "
            f"Install it: pip install {scope}"
        )
    if scope in _announced():
        _check_versions(_announced()[scope])
    try:
        import_module(module)
    except Exception as error:
        raise _broken(scope, module, error) from error


def import_announced() -> Mapping[str, str]:
    """Import the registry modules of all installed libraries.

    Returns:
        By scope, what went wrong; a library that fails does not stand in the way of others.
    """
    failures = {}
    for scope in announced_scopes():
        try:
            import_scope(scope)
        except NotRegisteredError as error:
            failures[scope] = str(error)
    return failures


def _check_versions(entry: EntryPoint) -> None:
    """Hold the library of a scope against the engine and the other libraries that are there."""
    if entry.dist is None or entry.module in sys.modules:
        return
    from importlib.metadata import distribution  # deferred, as above

    from ._requirements import check_versions

    libraries = [other.dist for other in _announced().values() if other.dist is not None]
    check_versions(entry.dist, [distribution("engine"), *libraries])


def _broken(scope: str, module: str, error: Exception) -> ScopeImportError:
    return ScopeImportError(
        f"the library of the scope {scope!r} is installed, but the import of {module} fails: "
        f"{type(error).__name__}: {error}"
    )


def import_location(location: str) -> None:
    """Import a module whose import registers, and all that a lazy package promises.

    Raises:
        ScopeImportError: If the import fails, which is the cause.
    """
    try:
        module = import_module(location)
        for name in getattr(module, "__all__", ()):
            getattr(module, name)
    except Exception as error:
        raise ScopeImportError(
            f"the import of {location}, which a registry names in its locations, fails: "
            f"{type(error).__name__}: {error}"
        ) from error
