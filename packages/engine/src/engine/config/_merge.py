"""Merge one config into another.

- A dictionary is merged into a dictionary, key by key; anything else replaces the former value.
- `_delete_=True` in a dictionary makes it replace the former one instead.
- A dictionary whose keys are numbers, merged into a list, changes those items of the list.
- A dictionary can't be merged into anything else, unless it has `_delete_=True`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ._errors import ConfigError, ConfigIndexError, ConfigTypeError
from ._limits import format_short, format_value, index_of, is_huge
from ._node import (
    DELETE,
    N,
    Node,
    assign,
    attach,
    make_node,
    origin_of,
    record_origin,
    set_item,
)
from ._provenance import Origin, Site, Source

_MISSING: Any = object()
_LEAVES = (str, int, float, bool, type(None))


def merge_into(node: Node, new: Mapping[str, Any], source: Source | None, source_path: str) -> None:
    """Merge `new` into a dictionary of a config, which is changed.

    Args:
        node: The dictionary.
        new: The new values.
        source: Where they come from, unless they know their own source.
        source_path: Their path there.

    Raises:
        ConfigError: If a dictionary meets a value that it can't be merged into.
    """
    _merge(node, _detach(new, node) if node else new, source, source_path)


def update_node(node: Node, new: Mapping[str, Any], site: Site) -> None:
    """Set several keys; a dictionary is merged into a dictionary, and all else is replaced.

    Args:
        node: The dictionary.
        new: The new values; a dictionary with `_delete_=True` replaces the former one.
        site: The line of the program that sets them.
    """
    for key, value in new.items():
        old = dict.get(node, key)
        if old is value and isinstance(value, Node):
            continue
        if isinstance(old, Node) and _is_mergeable(value):
            update_node(old, value, site)
        else:
            assign(node, key, value, site)


def union(node: N, new: Mapping[str, Any], site: Site) -> N:
    """Return a copy of a dictionary with several keys set, as `update_node` sets them.

    Args:
        node: The dictionary, which stays as it is.
        new: The new values.
        site: The line of the program that sets them.
    """
    joined = copy.copy(node)
    for key, value in new.items():
        old = dict.get(node, key)
        if isinstance(old, Node) and _is_mergeable(value):
            dict.__setitem__(joined, key, union(old, value, site))
        else:
            assign(joined, key, value, site)
    return joined


def _detach(value: Any, old: Any) -> Any:
    """Return a value that shares no dictionary with a config into which it will be merged.

    Args:
        value: The value, which may refer to what will change: `x = dict(cfg=_base_.x)`.
        old: What it will be merged into, which it may be itself: `x = _base_.x`.
    """
    if value is old:
        return value
    if type(value) is dict or isinstance(value, Node):
        inner = old if isinstance(old, Node) else {}
        items = {
            key: each if type(each) in _LEAVES else _detach(each, dict.get(inner, key))
            for key, each in dict.items(value)
        }
        if isinstance(value, Node):
            node = make_node(type(value), value._location, value._origins)
            dict.update(node, items)
            return node
        return items
    if type(value) in (list, tuple):
        return type(value)(_detach(each, None) for each in value)
    return value


def _merge(node: Node, new: Mapping[str, Any], source: Source | None, source_path: str) -> None:
    for key, value in new.items():
        if key == DELETE:
            continue
        origin = _new_origin(new, key, source, source_path)
        key = resolve_key(node, key)  # noqa: PLW2901  # the same key, as the dictionary has it
        old = dict.get(node, key, _MISSING)
        if old is value and isinstance(value, (dict, list)):
            continue  # `model = _base_.model`
        if old is _MISSING or not _is_mergeable(value):
            set_item(node, key, value, origin.source, origin.path)
            if old is _MISSING and origin.former is not None:
                record_origin(node, key, origin)
        elif isinstance(old, Node):
            _merge(old, value, origin.source, origin.path)
        elif isinstance(old, dict):  # of a class of its own, which a merge does not know
            former = origin_of(node, key)
            set_item(node, key, dict(old), former.source, former.path)
            _merge(node[key], value, origin.source, origin.path)
        elif isinstance(old, (list, tuple)):
            items = _merge_items(node, str(key), old, value, origin)
            dict.__setitem__(node, key, items)
        else:
            raise _merge_error(node, key, old, origin)


def resolve_key(node: Mapping[Any, Any], key: Any) -> Any:
    """Return a key as a dictionary has it: `'0'` means its key 0, if it has no `'0'`."""
    if key in node or not isinstance(key, str):
        return key
    index = index_of(key)
    return key if index is None or index not in node else index


def combine_bases(bases: Sequence[N]) -> N:
    """Return several base configs as one: the first of them, with the values of the others.

    Raises:
        ConfigError: If two of them have the same key.
    """
    first, *others = bases
    for other in others:
        for key, value in dict.items(other):
            if key in first:
                raise ConfigError(
                    f"two bases of one config set the same key: {first.__where__(key)} and "
                    f"{other.__where__(key)}"
                )
            dict.__setitem__(first, key, value)
            record_origin(first, key, origin_of(other, key))
    return first


def _is_mergeable(value: Any) -> bool:
    return isinstance(value, Mapping) and not value.get(DELETE, False)


def _new_origin(
    new: Mapping[str, Any], key: str, source: Source | None, source_path: str
) -> Origin:
    if isinstance(new, Node):
        origin = origin_of(new, key)
        if origin.source is not None:
            return origin
    return Origin(source, f"{source_path}.{key}" if source_path else str(key))


def _merge_items(
    node: Node,
    path: str,
    items: list[Any] | tuple[Any, ...],
    new: Mapping[str, Any],
    origin: Origin,
) -> list[Any] | tuple[Any, ...]:
    """Return the items of a list with some of them changed.

    Args:
        node: The dictionary that holds the list.
        path: The path of the list in it.
        items: The list.
        new: The new values, by index.
        origin: Their origin.
    """
    changed = list(items)
    for key, value in new.items():
        if is_huge(key):
            raise ConfigError(f"{_format_origin(origin)}: {format_short(key)} is no item of a list")
        item_origin = Origin(origin.source, f"{origin.path}.{key}")
        item_path = f"{path}.{key}"
        index = _check_index(key, items, item_origin, node.__where__(path))
        old = changed[index]
        if isinstance(old, Node) and _is_mergeable(value):
            _merge(old, value, item_origin.source, item_origin.path)
        elif isinstance(old, (list, tuple)) and _is_mergeable(value):
            changed[index] = _merge_items(node, item_path, old, value, item_origin)
        elif _is_mergeable(value):
            raise _merge_error(node, item_path, old, item_origin)
        else:
            changed[index] = _attach_item(node, item_path, old, value, item_origin)
    if isinstance(items, list):
        items[:] = changed  # the program may hold this list
        return items
    return tuple(changed)


def _attach_item(node: Node, path: str, old: Any, value: Any, origin: Origin) -> Any:
    """Return a new item of a list, with its origin recorded.

    Args:
        node: The dictionary that holds the list.
        path: The path of the item in it.
        old: The former item.
        value: The new one.
        origin: Its origin.
    """
    former = origin_of(node, path)
    record_origin(node, path, Origin(origin.source, origin.path, old, former))
    outer = node._location[0]
    return attach(value, f"{outer}.{path}" if outer else path, origin.source, origin.path)


def _check_index(key: object, items: Sequence[Any], origin: Origin, place: str) -> int:
    """Return the index that a key means.

    Args:
        key: The key.
        items: The list.
        origin: The origin of the change.
        place: The place of the list, for errors.

    Raises:
        ConfigError: If the list has no such item.
    """
    if not str(key).isdecimal():
        raise ConfigTypeError(
            f"{_format_origin(origin)}: {place} is a list; name one of its items by a number, "
            f"or write {DELETE}=True to replace it"
        )
    index = index_of(key)
    if index is None or index >= len(items):
        raise ConfigIndexError(
            f"{_format_origin(origin)}: index {key} is out of range: {place} has "
            f"{len(items)} item{'s' * (len(items) != 1)}"
        )
    return index


def _merge_error(node: Node, key: str, old: object, origin: Origin) -> ConfigTypeError:
    return ConfigTypeError(
        f"{_format_origin(origin)}: a dictionary can't be merged into {format_value(old)}, "
        f"which is {node.__where__(key)}; to replace it, write {DELETE}=True in the dictionary"
    )


def _format_origin(origin: Origin) -> str:
    return origin.path if origin.source is None else f"{origin.path} ({origin.site})"
