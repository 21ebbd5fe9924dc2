"""Descriptions of classes and functions: where they are defined, their docstrings and arguments."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.lint import Argument, describe_arguments, get_arguments
from engine.utils import shorten_path
from engine.utils._annotations import format_allowed

_LONGEST = 200  # characters of a default


def describe_target(target: Any, original: Any = None) -> dict[str, Any]:
    """Return what a reader wants to know of a class or function, as plain data.

    Args:
        target: What a build calls; its arguments are told.
        original: What it wraps, whose docstring and place are told; None means itself.
    """
    thing = unbind(target if original is None else original)
    return {
        "doc": inspect.cleandoc(_text(getattr(thing, "__doc__", None))),
        "definition": find_definition(thing),
        "arguments": _describe_arguments(target, thing),
    }


def unbind(target: Any) -> Any:
    """Return the class or function to which arguments were bound, or else the target itself."""
    while isinstance(target, partial):
        target = target.func
    return target


def find_definition(target: Any) -> str | None:
    """Return the file and line of a class or function of Python code, or None for others."""
    try:
        thing = inspect.unwrap(target)
        file = inspect.getsourcefile(thing)
    except (TypeError, ValueError):
        return None
    if file is None:
        return None
    if isinstance(thing, type):  # `inspect` would parse the whole file for each class
        head = re.compile(rf"\s*class\s+{re.escape(thing.__name__)}\b")
        lines = enumerate(linecache.getlines(file), 1)
        line = next((number for number, text in lines if head.match(text)), None)
    else:
        code = getattr(thing, "__code__", None)
        line = None if code is None else code.co_firstlineno
    return shorten_path(file if line is None else f"{file}:{line}")


def format_text(value: Any, longest: int = 2000) -> str:
    """Return the text of a value; a class or function is its dotted name.

    Args:
        value: The value.
        longest: How many characters it has at most; the rest is cut.
    """
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    except Exception:  # noqa: BLE001  # whatever the `repr` of a value does
        return f"<{type(value).__name__}>"
    return text if len(text) <= longest else f"{text[:longest]}..."


def _describe_arguments(target: Callable[..., Any], thing: Any) -> dict[str, Any] | None:
    found = get_arguments(target)
    if found is None:
        return None
    told = {id(owner): _describe(owner) for owner in (each.owner for each in found.known.values())}
    own = _describe(thing)
    return {
        "known": [
            _describe_argument(each, told[id(each.owner)].get(each.name) or own.get(each.name, ""))
            for each in found.known.values()
        ],
        "open": found.is_open,
    }


def _describe_argument(argument: Argument, description: str) -> dict[str, Any]:
    return {
        "name": argument.name,
        "allowed": "" if argument.allowed is None else format_allowed(argument.allowed),
        "default": None
        if argument.is_required
        else format_text(argument.default, longest=_LONGEST),
        "description": description,
    }


def _describe(thing: Any) -> Mapping[str, str]:
    try:
        return describe_arguments(thing)
    except TypeError:  # what has no hash can't be kept
        return {}


def _text(doc: object) -> str:
    return doc if isinstance(doc, str) else ""
