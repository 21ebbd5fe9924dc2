"""Values as text formats can hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """Return dictionaries, lists and scalars; a class or function becomes its dotted name."""
    if isinstance(value, dict):
        return {exact(key): plain(each) for key, each in dict.items(value)}
    if isinstance(value, Mapping):
        return {exact(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return dotted_name(exact(value))


_EXACT: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    bytes: bytes.__bytes__,
    set: set,
    frozenset: frozenset,
}


def exact(value: Any) -> Any:
    """Return the plain value of a string enum, a number of NumPy and the like; others as they are.

    What such a class makes of `str` and `repr` does not matter.
    """
    if type(value) in _EXACT or value is None or isinstance(value, bool):
        return value
    for kind, convert in _EXACT.items():
        if isinstance(value, kind):
            return convert(value)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        item = value.item()  # of a number that is none of Python's classes, such as np.int64
        return item if isinstance(item, bool) or type(item) in _EXACT else value
    return value


def named(value: Any) -> Any:
    """Return plain dictionaries; classes and functions in them become their dotted names."""
    if isinstance(value, dict):
        return {key: named(each) for key, each in dict.items(value)}
    if type(value) in (list, tuple):
        return type(value)(named(each) for each in value)
    return value if isinstance(value, PurePath) else dotted_name(value)


def dotted_name(value: Any) -> Any:
    """Return the dotted name of a class or function, the text of a path, anything else as it is."""
    if isinstance(value, PurePath):
        return str(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return value
