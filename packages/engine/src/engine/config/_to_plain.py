"""Values of a config as plain Python data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from ._imports import FailedImport, Named


def to_dicts(value: Any) -> Any:
    """Return a value with each `ConfigDict` in it as a `dict`."""
    if isinstance(value, dict):
        return {key: to_dicts(each) for key, each in dict.items(value)}
    if type(value) in (list, tuple):
        return type(value)(to_dicts(each) for each in value)
    return value


def to_named(value: Any, named: Named) -> Any:
    """Return a value with plain dictionaries, and dotted names for classes and functions.

    Args:
        value: The value.
        named: The classes and functions whose name is another than that of their definition.
    """
    if isinstance(value, dict):
        return {key: to_named(each, named) for key, each in dict.items(value)}
    if type(value) in (list, tuple):
        return type(value)(to_named(each, named) for each in value)
    if id(value) in named:
        return named[id(value)][1]
    return value if isinstance(value, PurePath) else to_dotted_name(value)


def to_plain(value: Any) -> Any:
    """Return a value as text formats hold it: dictionaries, lists, scalars and dotted names."""
    if isinstance(value, dict):
        return {to_builtin(key): to_plain(each) for key, each in dict.items(value)}
    if isinstance(value, Mapping):
        return {to_builtin(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(each) for each in value]
    return to_dotted_name(to_builtin(value))


_BUILTINS: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    bytes: bytes.__bytes__,
    set: set,
    frozenset: frozenset,
}


def to_builtin(value: Any) -> Any:
    """Return a string enum, a number of NumPy and the like as a built-in type; others unchanged.

    The `str` and `repr` of such a class don't matter.
    """
    if type(value) in _BUILTINS or value is None or isinstance(value, bool):
        return value
    for kind, convert in _BUILTINS.items():
        if isinstance(value, kind):
            return convert(value)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        item = value.item()  # of a number that is none of Python's classes, such as np.int64
        return item if isinstance(item, bool) or type(item) in _BUILTINS else value
    return value


def to_dotted_name(value: Any) -> Any:
    """Return the dotted name of a class or function, the text of a path, or else the value."""
    if isinstance(value, (PurePath, FailedImport)):
        return str(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return value
