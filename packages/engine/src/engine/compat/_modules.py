"""Modules of the name `mmengine` that offer what engine has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pkgutil import resolve_name
from types import ModuleType

from . import _table
from ._aliases import ALIASES, add_aliases, remove_aliases
from ._table import MODULES, NOT_SERVED, PLACES

NAME = "mmengine"

_LOADER = "engine.checkpoint._loader"  # which knows the schemes of names
_COMPLETED = {*ALIASES, _LOADER}

_reasons = {name: reason for reason, names in NOT_SERVED.items() for name in names.split()}


def install() -> None:
    """Make `import mmengine` mean engine in this process.

    Raises:
        RuntimeError: If MMEngine itself is imported already.
    """
    if _finder in sys.meta_path:
        return
    if any(name.startswith(f"{NAME}.") for name in sys.modules):
        raise RuntimeError("MMEngine is imported already; call engine.compat.install() before that")
    sys.meta_path.insert(0, _finder)
    sys.modules[NAME] = module_from_spec(_make_spec(NAME))
    for module in [sys.modules[name] for name in _COMPLETED if name in sys.modules]:
        _complete(module)


def uninstall() -> None:
    """Take back what `install` did; what was imported through it stays usable."""
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    for name in [each for each, module in sys.modules.items() if isinstance(module, _Module)]:
        del sys.modules[name]
    for module in [sys.modules[name] for name in ALIASES if name in sys.modules]:
        remove_aliases(module)


def find_place(module: str, name: str) -> str | None:
    """Return where a name of MMEngine is here, as `'engine.hooks:Hook'`, or None.

    Args:
        module: A module below `mmengine` in the table; `''` for `mmengine` itself.
        name: The name.
    """
    if name in _reasons:
        return None
    if name in PLACES:
        place = PLACES[name]
        return place if ":" in place else f"{place}:{name}"
    home, names = MODULES[module]
    owners = [home, *(MODULES[each[1:]][0] for each in names.split() if each.startswith("*"))]
    return next((f"{each}:{name}" for each in owners if name in dir(import_module(each))), None)


def find_reason(name: str) -> str | None:
    """Return why a name, or a module below `mmengine`, is not served, if that is decided."""
    return _reasons.get(name)


def list_names(module: str) -> Iterator[str]:
    """Yield the names that MMEngine has in a module of the table and that are served."""
    for name in MODULES[module][1].split():
        if name.startswith("*"):
            yield from list_names(name[1:])
        else:
            yield name


def is_name(module: str, name: str) -> bool:
    """Return whether MMEngine has a name in a module: a function may have the name of a module."""
    return module in MODULES and name in list_names(module)


class _Module(ModuleType):
    """A module whose names are imported when they are first asked for."""

    def __getattr__(self, name: str) -> object:
        path = self.__name__.partition(".")[2]
        if (below := f"{path}.{name}".lstrip(".")) in MODULES and not is_name(path, name):
            return import_module(f"{NAME}.{below}")
        if name == "__all__":
            return list(self.__dir__())
        place = None if name.startswith("__") and name not in PLACES else find_place(path, name)
        if place is None:
            reason = find_reason(name)
            raise AttributeError(
                f"engine does not serve {self.__name__}.{name}" + (f": {reason}" if reason else "")
            )
        value = resolve_name(place)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # Python binds a module that was imported; a function of that name keeps its place.
        if not (isinstance(value, _Module) and is_name(self.__name__.partition(".")[2], name)):
            super().__setattr__(name, value)

    def __dir__(self) -> Iterator[str]:
        return list_names(self.__name__.partition(".")[2])


class _Finder(MetaPathFinder, Loader):
    """Finds the modules of the table, and completes modules of engine."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the table, or of one of engine that is completed."""
        if fullname in _COMPLETED:
            return _complete_after(PathFinder.find_spec(fullname, path, target))
        top, _, below = fullname.partition(".")
        if top != NAME:
            return None
        if below in MODULES:
            return _make_spec(fullname)
        reason = find_reason(below) or "MMEngine 0.10 has no public module of this name"
        raise ModuleNotFoundError(f"engine does not serve {fullname}: {reason}", name=fullname)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is: its names come when they are asked for."""


_finder = _Finder()


def _make_spec(fullname: str) -> ModuleSpec:
    spec = ModuleSpec(fullname, _finder, origin=_table.__file__)
    spec.has_location = True  # so that the error of a failed import names the table
    spec.submodule_search_locations = []
    return spec


def _complete(module: ModuleType) -> None:
    """Give a module of engine what the alias adds: aliases, or more names of checkpoints."""
    if module.__name__ in ALIASES:
        add_aliases(module)
    else:
        import_module(f"{__package__}._schemes")


def _complete_after(spec: ModuleSpec | None) -> ModuleSpec | None:
    """Let a module be completed as soon as it is executed."""
    if spec is not None and spec.loader is not None:
        execute: Callable[[ModuleType], None] = spec.loader.exec_module

        def execute_and_complete(module: ModuleType) -> None:
            execute(module)
            _complete(module)

        spec.loader.exec_module = execute_and_complete  # type: ignore[method-assign]  # of this one
    return spec
