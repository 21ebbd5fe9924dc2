"""How one config is laid over another.

- A dictionary is merged into a dictionary, key by key; anything else replaces what was there.
- `_delete_=True` in a dictionary makes it replace the former one instead.
- A dictionary over something else than a dictionary is an error, unless it says `_delete_=True`.
- `{0: ..., 2: ...}` over a list changes those items, where list keys are allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._errors import ConfigError

DELETE = "_delete_"


def merged(base: Any, over: Any, path: str = "", *, list_keys: bool = False) -> Any:
    """Return `over` laid over `base`; neither is changed.

    Args:
        base: What was there.
        over: What is to hold now.
        path: Where the two stand, for errors.
        list_keys: Whether a dictionary with numbers as keys changes the items of a list.

    Raises:
        ConfigError: If the two don't fit together.
    """
    if not isinstance(over, Mapping):
        return over
    over = dict(over)
    if over.pop(DELETE, False):
        return stripped(over)
    if list_keys and isinstance(base, (list, tuple)):
        return _merged_items(base, over, path)
    if not isinstance(base, Mapping):
        raise ConfigError(
            f"{path}: a dictionary can't be merged into {base!r}; "
            f"to replace it, write {DELETE}=True in the dictionary"
        )
    result = dict(base)
    for key, value in over.items():
        if key in result and isinstance(value, Mapping):
            result[key] = merged(result[key], value, _join(path, key), list_keys=list_keys)
        else:
            result[key] = stripped(value)
    return result


def stripped(value: Any) -> Any:
    """Return `value` without the `_delete_` marks in it, which have nothing to delete."""
    if isinstance(value, Mapping):
        return {key: stripped(each) for key, each in value.items() if key != DELETE}
    if type(value) in (list, tuple):
        return type(value)(stripped(each) for each in value)
    return value


def nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree that dotted keys describe: `{'a.b': 1}` is `{'a': {'b': 1}}`."""
    tree: dict[str, Any] = {}
    for dotted, value in options.items():
        *parents, last = dotted.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise ConfigError(f"{dotted}: another option sets {parent!r} to {node!r}")
        node[last] = value
    return tree


def _merged_items(base: list[Any] | tuple[Any, ...], over: dict[str, Any], path: str) -> Any:
    items = list(base)
    for key, value in over.items():
        where = _join(path, key)
        if not str(key).isdecimal():
            raise ConfigError(f"{where}: {path} is a list; name one of its items by a number")
        index = int(key)
        if index >= len(items):
            raise ConfigError(f"{where}: the list has {len(items)} items, the first being 0")
        items[index] = merged(items[index], value, where, list_keys=True)
    return type(base)(items)


def joined(bases: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return several base configs as one.

    Raises:
        ConfigError: If two of them have the same key.
    """
    result: dict[str, Any] = {}
    owner: dict[str, str] = {}
    for name, values in bases:
        for key, value in values.items():
            if key in owner:
                raise ConfigError(
                    f"{key!r} is set by two bases of one config: {owner[key]}, {name}"
                )
            owner[key], result[key] = name, value
    return result


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
