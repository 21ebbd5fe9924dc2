"""Lookup of modules, packages and programs."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import shutil
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def _check_name(package: object) -> None:
    if not isinstance(package, str):
        raise TypeError(f"package is the name of a package, not {package!r}")


def is_installed(package: str) -> bool:
    """Return whether a package is there, without its import.

    Args:
        package: The name by which it is imported (`'cv2'`) or installed (`'opencv-python'`).

    Raises:
        TypeError: If it is no text.
    """
    _check_name(package)
    return _place(package) is not None or _is_distribution(package)


def get_installed_path(package: str) -> str:
    """Return the folder of a package, or the file of a module.

    Args:
        package: The name by which it is imported or installed.

    Raises:
        importlib.metadata.PackageNotFoundError: If it is not installed; a `ModuleNotFoundError`.
        TypeError: If it is no text.
    """
    _check_name(package)
    names = [package, *(_modules_of(package) if _is_distribution(package) else [])]
    for name in names:
        if (place := _place(name)) is not None:
            return place
    raise _NotInstalledError(package)


def import_modules_from_strings(
    imports: str | Sequence[str] | None, allow_failed_imports: bool = False
) -> ModuleType | list[ModuleType | None] | None:
    """Import modules by name.

    Args:
        imports: The name of a module, or several.
        allow_failed_imports: Whether a module that can't be imported is None, with a warning.

    Returns:
        The module, or a list of them; None for no names.

    Raises:
        TypeError: If a name is no string.
        ImportError: If a module can't be imported, and that is not allowed.
    """
    if not imports:
        return None
    if isinstance(imports, str):
        return _import(imports, allow_failed_imports)
    return [_import(name, allow_failed_imports) for name in imports]


class _NotInstalledError(metadata.PackageNotFoundError):
    """A package that is not installed, neither as a distribution nor as a module."""

    def __str__(self) -> str:
        return f"the package {self.name!r} is not installed"


def package2module(package: str) -> str:
    """Return the module by which what is installed under a name is imported.

    Args:
        package: The name, such as `'Pillow'`; its module is `PIL`.

    Raises:
        importlib.metadata.PackageNotFoundError: If it is not installed.
        ValueError: If it has no module.
    """
    if modules := _modules_of(package):
        return modules[0]
    raise ValueError(f"{package!r} is installed, and has no module to import")


def get_object_from_string(obj_name: str) -> Any:
    """Return what a dotted path names, such as `'torch.optim.SGD'`, importing what it must.

    It is None where there is no such module, or the module has no such thing.

    A path from a config or from a stranger belongs to a registry instead, which knows what it may
    name.

    Args:
        obj_name: The path.

    Raises:
        TypeError: If the path is no string.
        ImportError: If a module is there, and can't be imported.
    """
    try:
        return pkgutil.resolve_name(obj_name)
    except AttributeError:
        return None
    except ModuleNotFoundError as error:
        if error.name is not None and f"{obj_name}.".startswith(f"{error.name}."):
            return None
        raise  # of a module that the one of this path imports


def check_prerequisites(
    prerequisites: str | Sequence[str],
    checker: Callable[[str], bool],
    msg_tmpl: str = 'Prerequisites "{}" are required in method "{}" but not found, '
    "please install them first.",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator for a function that needs something: without it, a call is an error.

    Args:
        prerequisites: What the function needs.
        checker: Returns whether one of these is there.
        msg_tmpl: The text of the error, with places for what is missing and for the function.

    Returns:
        A decorator; the function that it returns raises a RuntimeError where something is missing.
    """
    needed = [prerequisites] if isinstance(prerequisites, str) else prerequisites

    def decorate(func: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(func)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            if missing := [name for name in needed if not checker(name)]:
                raise RuntimeError(msg_tmpl.format(", ".join(missing), func.__name__))
            return func(*args, **kwargs)

        return wrapper

    return decorate


def requires_package(
    prerequisites: str | Sequence[str],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator for a function that needs packages; see `check_prerequisites`.

    Args:
        prerequisites: The names of the packages.
    """
    return check_prerequisites(prerequisites, is_installed)


def requires_executable(
    prerequisites: str | Sequence[str],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator for a function that needs programs; see `check_prerequisites`.

    Args:
        prerequisites: The names of the programs.
    """
    return check_prerequisites(prerequisites, lambda name: shutil.which(name) is not None)


def _place(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # of a package that the name is in
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return next(iter(spec.submodule_search_locations))
    return spec.origin


def _is_distribution(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _modules_of(distribution: str) -> list[str]:
    """Return the modules that a distribution has installed."""
    name = metadata.distribution(distribution).name
    return [
        module for module, owners in metadata.packages_distributions().items() if name in owners
    ]


def _import(name: str, may_fail: bool) -> ModuleType | None:
    if not isinstance(name, str):
        raise TypeError(f"the name of a module is a string; got {name!r}")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if not may_fail:
            raise
        warnings.warn(f"{name} can't be imported: {error}", UserWarning, stacklevel=3)
        return None
