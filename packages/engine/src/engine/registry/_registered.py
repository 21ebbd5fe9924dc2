"""Registered objects, and where they were registered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType
from typing import Any, TypeVar

from engine.utils import shorten_path

from ._errors import DuplicateNameError
from ._trust import path_of

T = TypeVar("T")
set_new = dict.setdefault  # for a name that is not taken; half the time of `dict.__setitem__`
_KINDS = (type, FunctionType, BuiltinFunctionType)
# The modules whose frames are passed over: a call of `Registry[int]` goes through `typing`.
_PASSED_OVER = {
    __name__,
    f"{__package__}._node",
    f"{__package__}._registry",
    "typing",
}


Place = tuple[CodeType, int, Mapping[str, Any]]
"""Where a frame is: its code, its instruction, its globals. To look up the line takes longer."""


class CallSite:
    """The file and line of a place.

    Args:
        place: The place.

    Attributes:
        filename: The file.
        line: The line.
        package: The top-level package of the code.
    """

    __slots__ = ("filename", "line", "package")

    def __init__(self, place: Place) -> None:
        code, instruction, names = place
        self.filename: str = code.co_filename
        self.line: int = _find_line(code, instruction)
        self.package: str = _name_of(names).partition(".")[0]

    def __str__(self) -> str:
        """Return `file:line`, relative to the folder of `sys.path`: the same on every machine."""
        return f"{shorten_path(self.filename)}:{self.line}"


def place_of(frame: FrameType) -> Place:
    """Return where a frame is."""
    return frame.f_code, frame.f_lasti, frame.f_globals


def _find_line(code: CodeType, instruction: int) -> int:
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno


def find_caller() -> FrameType:
    """Return the nearest frame outside of the registry's own code: that of the user."""
    frame = sys._getframe(2)  # who calls is of the registry's own code
    while frame.f_globals.get("__name__") in _PASSED_OVER and frame.f_back is not None:
        frame = frame.f_back
    return frame


def get_module(frame: FrameType) -> str:
    """Return the name of the module that a frame is in."""
    return _name_of(frame.f_globals)


def _name_of(names: Mapping[str, Any]) -> str:
    return str(names.get("__name__", "__main__"))


class Registered(dict[str, Callable[..., T]]):
    """Classes and functions by their names in one registry.

    It may be changed as any dictionary. A lookup that follows sees the change.

    Args:
        on_change: Is called after each change.
        label: Returns the registry in an error.

    Attributes:
        places: Where each name was registered.
        displaced: For a name that two libraries register, what does not have it.
    """

    def __init__(self, on_change: Callable[[], None], label: Callable[[], str]) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}
        self.displaced: dict[str, list[str]] = {}
        self._on_change = on_change
        self._label = label

    def replace(self, name: str, module: Any, place: Place, force: bool) -> None:
        """Register a class or a function under a name that is taken.

        Several libraries may register what a third package defines, such as a layer of torch: the
        later one replaces the former, and each of them yields to a definition of a library's own.

        Args:
            name: Its name.
            module: The class or function.
            place: Where it is registered.
            force: Whether to replace what has the name now.

        Raises:
            DuplicateNameError: If what has the name keeps it.
        """
        if force or self._gives_way(name, module, place):
            self._set(name, module, place)

    def _set(self, name: str, module: Any, place: Place) -> None:
        super().__setitem__(name, module)
        self.places[name] = place
        self._on_change()

    def _gives_way(self, name: str, module: Any, place: Place) -> bool:
        """Return whether what has a name yields to another module; note the one that does not."""
        former, at, site = self[name], CallSite(self.places[name]), CallSite(place)
        if at.package != site.package:
            if _is_borrowed(former, at):
                self._displace(name, former, at)
                return True
            if _is_borrowed(module, site):
                self._displace(name, module, site)
                return False
        raise DuplicateNameError(
            f"{name!r} is registered in {self._label()} already, at {at}; "
            f"{site} registers it again. Choose another name, or pass force=True"
        )

    def _displace(self, name: str, module: Any, site: CallSite) -> None:
        self.displaced.setdefault(name, []).append(f"{path_of(module)} ({site})")

    def __setitem__(self, name: str, module: Callable[..., T]) -> None:
        self._set(name, module, place_of(find_caller()))

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        del self.places[name]
        self.displaced.pop(name, None)
        self._on_change()

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a name, and return what was registered under it."""
        if default and name not in self:
            return default[0]
        module = self[name]
        del self[name]
        return module

    def popitem(self) -> tuple[str, Callable[..., T]]:
        """Remove the newest name, and return it with what was registered under it."""
        name = next(reversed(self), None)
        if name is None:
            raise KeyError("nothing is registered")
        return name, self.pop(name)

    def clear(self) -> None:
        """Remove all names."""
        for name in [*self]:
            del self[name]

    def update(self, other: Any = (), /, **more: Callable[..., T]) -> None:
        """Register several classes or functions."""
        for name, module in dict(other, **more).items():
            self[name] = module

    def __ior__(self, other: Any) -> Registered[T]:  # type: ignore[override,misc]  # dict's overloads
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return what is registered under a name, after registering `default` if nothing is."""
        if name not in self:
            self[name] = default
        return self[name]


def _is_borrowed(module: Any, site: CallSite) -> bool:
    """Return whether a class or function is not of the package that registers it."""
    return isinstance(module, _KINDS) and module.__module__.partition(".")[0] != site.package
