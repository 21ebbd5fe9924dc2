"""Dictionaries of a config: their values, and the origin of each."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from ._provenance import Origin, Site, Source

DELETE = "_delete_"
"""The key that makes a dictionary replace another one instead of being merged into it."""

Location = tuple[str, Source | None, str]
"""The path of a dictionary in the config, the source of its values, and its path there."""

NOWHERE: Location = ("", None, "")

_ATOMS = frozenset((str, int, float, bool, type(None)))
_PLAIN = frozenset((dict, OrderedDict))  # any other dictionary keeps its class


class Node(dict[str, Any]):
    """A dictionary that knows its path in the config and the origin of each of its values.

    A value comes from the source of the dictionary, unless an origin of its own is recorded. The
    functions of this module change both; no method does, since a key could hide a method.
    """

    # Attributes are found where Python looks for them first, which no `__getattr__` can match.
    __slots__ = ("__dict__", "_location", "_origins")
    _location: Location
    _origins: dict[str, Origin] | None
    _child_class: ClassVar[type[Node]]
    """The class of the dictionaries within: `ConfigDict`, which sets it."""

    def __where__(self, key: str | None = None) -> str:
        """Return the place of this dictionary, or of its `key`: `'model.backbone (x.py:3)'`."""
        path, source, source_path = self._location
        site = source and source.at(source_path)
        if key is not None:
            path = f"{path}.{key}" if path else key
            site = origin_of(self, key).site
        return f"{path} ({site})" if site and path else path

    def __trust__(self, key: str) -> bool | None:
        """Return whether the value of `key` comes from code (True), from data (False) or a program.

        A value that holds data is data.
        """
        origins = self._origins  # each build asks, so no Origin is made for the answer
        source = self._location[1] if origins is None or key not in origins else origins[key].source
        is_code: bool | None = getattr(source, "is_code", None)
        value = dict.get(self, key)
        return is_code if type(value) in _ATOMS or not _holds_data(value) else False

    def __delitem__(self, key: str) -> None:
        dict.__delitem__(self, key)
        if self._origins:
            self._origins.pop(key, None)
            _forget_items(self, key)

    def __copy__(self) -> Self:
        new = make_node(type(self), self._location, self._origins)
        dict.update(new, self)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = make_node(type(self), self._location, self._origins)
        memo[id(self)] = new
        for key, value in dict.items(self):
            kept = value if type(value) in _ATOMS else copy.deepcopy(value, memo)
            dict.__setitem__(new, key, kept)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return restore_node, (type(self), dict.copy(self), self._location, self._origins)


_set_dict = vars(Node)["__dict__"].__set__
_set_location = vars(Node)["_location"].__set__
_set_origins = vars(Node)["_origins"].__set__

N = TypeVar("N", bound=Node)


def make_node(cls: type[N], location: Location, origins: dict[str, Origin] | None = None) -> N:
    """Return an empty dictionary.

    Args:
        cls: Its class.
        location: Where it is in the config, and where its values come from.
        origins: The origins of the values that come from elsewhere, by key.
    """
    new = dict.__new__(cls)
    _set_dict(new, new)
    _set_location(new, location)
    _set_origins(new, None if origins is None else dict(origins))
    return new


def restore_node(
    cls: type[N], values: dict[str, Any], location: Location, origins: dict[str, Origin] | None
) -> N:
    """Return a dictionary that was pickled."""
    new = make_node(cls, location, origins)
    dict.update(new, values)
    return new


def copy_into(node: Node, other: Node) -> None:
    """Give a new dictionary the values of another one, its location and its origins."""
    dict.update(node, other)
    _set_location(node, other._location)
    _set_origins(node, other._origins)


def fill_node(
    node: Node,
    values: Mapping[str, Any],
    location: Location,
    origins: dict[str, Origin] | None = None,
) -> None:
    """Put a node at a location, and values into it, as `attach` makes them.

    Args:
        node: An empty dictionary.
        values: The values.
        location: Where the node is in the config, and where its values come from.
        origins: The origins of the values that come from elsewhere, by key.
    """
    _set_location(node, location)
    _set_origins(node, None if origins is None else dict(origins))
    _fill(node, values)


def origin_of(node: Node, key: str) -> Origin:
    """Return the origin of the value of `key`, or of an item in it (`'layers.0'`)."""
    if node._origins is not None:
        if key in node._origins:
            return node._origins[key]
        outer, dot, item = str(key).rpartition(".")
        if dot:
            origin = origin_of(node, outer)
            return Origin(origin.source, f"{origin.path}.{item}")
    _, source, source_path = node._location
    return Origin(source, f"{source_path}.{key}" if source_path else str(key))


def record_origin(node: Node, key: str, origin: Origin) -> None:
    """Record the origin of the value of `key`, or of an item in it (`'layers.0'`)."""
    if node._origins is None:
        _set_origins(node, {key: origin})
    else:
        node._origins[key] = origin


def forget_origins(node: Node) -> None:
    """Forget the origins of all values of a dictionary that are recorded apart."""
    _set_origins(node, None)


def _forget_items(node: Node, key: str) -> None:
    origins = node._origins or {}
    for item in [each for each in origins if str(each).startswith(f"{key}.")]:
        del origins[item]


def _holds_data(value: Any) -> bool:
    if isinstance(value, Node):
        return any(value.__trust__(key) is False for key in dict.keys(value))
    return type(value) in (list, tuple) and any(map(_holds_data, value))


def set_item(node: Node, key: str, value: Any, source: Source | None, source_path: str) -> None:
    """Set a value, and record its origin.

    Args:
        node: The dictionary.
        key: The key.
        value: The value; a copy of it is attached.
        source: Where it comes from.
        source_path: Its path there.
    """
    if key in node:
        former = origin_of(node, key)
        if former.source == source:  # a loop leaves one origin, not one for each turn
            record_origin(node, key, Origin(source, source_path, former.before, former.former))
        else:
            record_origin(node, key, Origin(source, source_path, node[key], former))
        if type(node[key]) in (list, tuple):
            _forget_items(node, key)
    elif source is not node._location[1]:
        record_origin(node, key, Origin(source, source_path))
    if type(value) not in _ATOMS:
        path = node._location[0]
        value = attach(value, f"{path}.{key}" if path else key, source, source_path)
    dict.__setitem__(node, key, value)


def assign(node: Node, key: str, value: Any, site: Site) -> None:
    """Set a value as a program does: a dictionary of a config stays the object that it is.

    Args:
        node: The dictionary.
        key: The key.
        value: The value.
        site: The line of the program.
    """
    source_path = node._location[2]
    set_item(node, key, value, site, f"{source_path}.{key}" if source_path else key)
    if isinstance(value, Node):
        if value._location[1] is None:
            _relocate(value, node[key]._location)
        dict.__setitem__(node, key, value)


def attach(value: Any, path: str, source: Source | None, source_path: str) -> Any:
    """Return a copy of a value for a place in a config, with each mapping in it as a `ConfigDict`.

    A dictionary of a class of its own, such as a `defaultdict`, is a value like any other object.

    Args:
        value: Any value. Dictionaries in it that know their source keep it.
        path: The path of the value in the config.
        source: Where it comes from.
        source_path: Its path there.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is list or kind is tuple:
        return kind(
            [
                each
                if type(each) in _ATOMS
                else attach(each, f"{path}.{index}", source, f"{source_path}.{index}")
                for index, each in enumerate(value)
            ]
        )
    if isinstance(value, Node):
        _, own, own_path = value._location
        if own is not None:
            source, source_path = own, own_path
        new = make_node(Node._child_class, (path, source, source_path), value._origins)
    elif isinstance(value, Mapping) and (kind in _PLAIN or not isinstance(value, dict)):
        new = make_node(Node._child_class, (path, source, source_path))
    else:
        return value
    _fill(new, value)
    return new


def _fill(node: Node, values: Mapping[str, Any]) -> None:
    path, source, source_path = node._location
    prefix, source_prefix = (f"{path}." if path else ""), (f"{source_path}." if source_path else "")
    is_same = prefix is source_prefix or path == source_path
    set_value = dict.__setitem__
    for key, value in values.items():
        if type(value) in _ATOMS:
            if key != DELETE or source is None:
                set_value(node, key, value)
        else:
            inner = f"{prefix}{key}"
            inner_source = inner if is_same else f"{source_prefix}{key}"
            set_value(node, key, attach(value, inner, source, inner_source))


def _relocate(node: Node, location: Location) -> None:
    """Put a dictionary that had no source at a location, and those within it below."""
    _set_location(node, location)
    path, source, source_path = location
    for key, value in dict.items(node):
        _relocate_within(value, f"{path}.{key}" if path else key, source, f"{source_path}.{key}")


def _relocate_within(value: Any, path: str, source: Source | None, source_path: str) -> None:
    if isinstance(value, Node) and value._location[1] is None:
        _relocate(value, (path, source, source_path))
    elif type(value) in (list, tuple):
        for index, each in enumerate(value):
            _relocate_within(each, f"{path}.{index}", source, f"{source_path}.{index}")
