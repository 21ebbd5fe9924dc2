"""Read docstrings in Google style."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

_HEAD = re.compile(r"(Args|Arguments|Parameters):\s*$")
_ENTRY = re.compile(r"\s*\*{0,2}(\w+)(?:\s*\(.*?\))?:\s*(.*)")


def get_summary(target: Any) -> str | None:
    """Return the first line of a docstring, or None if there is none."""
    doc = inspect.cleandoc(getattr(target, "__doc__", None) or "")
    return doc.partition("\n")[0].strip() or None


@cache
def describe_arguments(target: Any) -> Mapping[str, str]:
    """Return the descriptions of the arguments in a docstring, by name.

    Args:
        target: A class or function; the docstring of the constructor of a class is read too.
    """
    found: dict[str, str] = {}
    for each in (getattr(target, "__init__", None), target):
        found |= _parse_arguments(inspect.cleandoc(getattr(each, "__doc__", None) or ""))
    return found


def _parse_arguments(doc: str) -> dict[str, str]:
    lines = doc.splitlines()
    start = next((number for number, line in enumerate(lines) if _HEAD.match(line)), len(lines))
    found: dict[str, list[str]] = {}
    depth, name = 0, ""
    for line in lines[start + 1 :]:
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent == 0:
            break
        depth = depth or indent
        entry = _ENTRY.match(line) if indent == depth else None
        if entry is not None:
            name = entry[1]
            found[name] = [entry[2]]
        elif name:
            found[name].append(line.strip())
    return {name: " ".join(filter(None, text)) for name, text in found.items()}
