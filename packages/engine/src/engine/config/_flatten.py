"""Values of a config by their dotted paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.utils import did_you_mean

from ._errors import ConfigError
from ._limits import index_of
from ._node import Node, origin_of
from ._provenance import Origin


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each leaf; an empty container is one."""
    items: Iterator[tuple[Any, Any]]
    if isinstance(value, dict):
        items = iter(dict.items(value))
    elif isinstance(value, (list, tuple)):
        items = iter(enumerate(value))
    else:
        yield path, value
        return
    if not value and path:
        yield path, value
    for key, each in items:
        yield from leaves(each, f"{path}.{key}" if path else str(key))


def find_value(root: Node, path: str) -> tuple[Any, Origin]:
    """Return the value of a dotted path, and its origin.

    Raises:
        ConfigError: If there is none; it names a similar key.
    """
    found = _find(root, path.split("."), root, "")
    if found is None:
        raise ConfigError(f"the config has no {path!r}{_hint(root, path)}")
    value, holder, within = found
    return value, origin_of(holder, within)


def _find(value: Any, keys: list[str], holder: Node, within: str) -> tuple[Any, Node, str] | None:
    """Find the rest of a path; a key may have dots in it, or be no string.

    Args:
        value: The value at the path so far.
        keys: The rest.
        holder: The innermost dictionary that is or holds `value`.
        within: The path from there to `value`.
    """
    if not keys:
        return value, holder, within
    if isinstance(value, (list, tuple)):
        index = index_of(keys[0])
        if index is None or index >= len(value):
            return None
        return _find(value[index], keys[1:], holder, f"{within}.{keys[0]}")
    if not isinstance(value, Node):
        return None
    for count in range(1, len(keys) + 1):
        wanted = ".".join(keys[:count])
        for key in [wanted] if wanted in value else [key for key in value if str(key) == wanted]:
            found = _find(value[key], keys[count:], value, key)
            if found is not None:
                return found
    return None


def _hint(value: Any, path: str) -> str:
    """Return a suggestion for the first key that is not there."""
    for key in path.split("."):
        if isinstance(value, dict):
            if key not in value:
                return did_you_mean(key, map(str, value))
            value = value[key]
        else:
            index = index_of(key)
            if not isinstance(value, (list, tuple)) or index is None or index >= len(value):
                return ""
            value = value[index]
    return ""
