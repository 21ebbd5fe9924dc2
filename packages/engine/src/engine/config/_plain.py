"""Values as text formats can hold them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """Return dictionaries, lists and scalars; a class or function becomes its dotted name."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in dict.items(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return dotted_name(value)


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
