"""A dictionary whose keys are attributes as well, and which knows where its values come from."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from types import FunctionType, MethodDescriptorType
from typing import Any, Self, TypeVar

from engine.utils import did_you_mean

from ._provenance import Mark, Site, Source

C = TypeVar("C", bound=type)
DELETE = "_delete_"
"""The key that makes a dictionary replace another one instead of being merged into it."""

_ATOMS = frozenset((str, int, float, bool, type(None)))


def methods_first(cls: C) -> C:
    """Let the methods of a class be reached as attributes although a key has the name of one.

    A `ConfigDict` is its own `__dict__`, so a key would hide a method; it can't hide a property.
    """
    for name in dir(cls):
        member = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
        if not name.startswith("_") and isinstance(member, (FunctionType, MethodDescriptorType)):
            setattr(cls, name, property(member.__get__, doc=member.__doc__))
    return cls


@methods_first
class ConfigDict(dict[str, Any]):
    """A dictionary with attribute access: `cfg.model.backbone.depth`.

    Mappings that are put in, also within lists and tuples, become `ConfigDict`. An assignment is
    noted with its file and line; see `Config.provenance`.

    Args:
        *args: A mapping or pairs, as for `dict`.
        **kwargs: Further items.
    """

    # Attributes are found where Python looks for them first, which no `__getattr__` can match.
    __slots__ = ("__dict__", "_marks", "_origin")
    _origin: tuple[str, Source | None, str]
    _marks: dict[str, Mark] | None

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Self:
        """Make an empty one, which stands nowhere."""
        return blank(cls, _NOWHERE)

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for key, value in dict(*args, **kwargs).items():
            dict.__setitem__(self, key, placed(value, key, None, key))

    def __setitem__(self, key: str, value: Any) -> None:
        self._assign(key, value, caller())

    def __getattr__(self, name: str) -> Any:
        """Explain that there is no such attribute.

        Raises:
            AttributeError: Always; it names a near key.
        """
        place = f"{self.__where__()}: " if self._origin[0] else ""
        raise AttributeError(f"{place}the config has no key {name!r}{did_you_mean(name, self)}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._assign(name, value, caller())

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"the config has no key {name!r}") from None

    def __where__(self, key: str | None = None) -> str:
        """Return the place of this dictionary, or of its `key`: `'model.backbone (x.py:3)'`."""
        path, source, at = self._origin
        site = source and source.at(at)
        if key is not None:
            path = f"{path}.{key}" if path else key
            site = mark_of(self, key).site
        return f"{path} ({site})" if site and path else path

    def __trust__(self, key: str) -> bool | None:
        """Return whether the value of `key` comes from code (True), from data (False) or a program.

        What is data in any part of it is data.
        """
        marks = self._marks  # each build asks, so that no mark is made for it
        source = self._origin[1] if marks is None or key not in marks else marks[key].source
        told: bool | None = getattr(source, "is_code", None)
        value = dict.get(self, key)
        return told if type(value) in _ATOMS or not _holds_data(value) else False

    def _assign(self, key: str, value: Any, site: Site) -> None:
        at = self._origin[2]
        put(self, key, value, site, f"{at}.{key}" if at else key)
        if isinstance(value, ConfigDict):  # it stays the object that the program has
            if value._origin[1] is None:
                move(value, self[key]._origin)
            dict.__setitem__(self, key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` if there is none."""
        return dict.get(self, key, default)

    def update(self, /, *args: Any, **kwargs: Any) -> None:
        """Set several keys, as `dict.update` does."""
        site = caller()
        for key, value in dict(*args, **kwargs).items():
            self._assign(key, value, site)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, after setting it to `default` if there is none."""
        if key not in self:
            self._assign(key, default, caller())
        return self[key]

    def __delitem__(self, key: str) -> None:
        dict.__delitem__(self, key)
        if self._marks:
            self._marks.pop(key, None)
            _forget_items(self, key)

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove `key` and return its value, or `default` if there is none."""
        if key not in self:
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the newest key, and return it with its value."""
        key = next(reversed(self), None)
        if key is None:
            raise KeyError("the config is empty")
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all keys."""
        dict.clear(self)
        _set_marks(self, None)

    def merge(self, other: Mapping[str, Any]) -> None:
        """Lay another dictionary over this one, key by key all the way down.

        Args:
            other: What is to hold now. A dictionary in it with `_delete_=True` replaces the former
                one; one with numbers as keys changes the items of a list.

        Raises:
            ConfigError: If the two don't fit together.
        """
        from ._merge import lay  # it needs this class

        lay(self, other, caller(), self._origin[2])

    def copy(self) -> Self:
        """Return a shallow copy."""
        return copy.copy(self)

    def __copy__(self) -> Self:
        new = blank(type(self), self._origin, self._marks)
        dict.update(new, self)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = blank(type(self), self._origin, self._marks)
        memo[id(self)] = new
        for key, value in dict.items(self):
            kept = value if type(value) in _ATOMS else copy.deepcopy(value, memo)
            dict.__setitem__(new, key, kept)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), dict(self), self._origin, self._marks)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        site = caller()
        new = copy.copy(self)
        for key, value in other.items():
            new._assign(key, value, site)
        return new

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]  # dict's overloads
        site = caller()
        for key, value in dict(other).items():
            self._assign(key, value, site)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries all the way down."""
        return {key: to_plain(value) for key, value in dict.items(self)}


_NOWHERE: tuple[str, Source | None, str] = ("", None, "")
_set_dict = vars(ConfigDict)["__dict__"].__set__
_set_origin = vars(ConfigDict)["_origin"].__set__
_set_marks = vars(ConfigDict)["_marks"].__set__

K = TypeVar("K", bound=ConfigDict)


def blank(
    cls: type[K], origin: tuple[str, Source | None, str], marks: dict[str, Mark] | None = None
) -> K:
    """Return an empty dictionary of a class.

    Args:
        cls: `ConfigDict`, or a class of it.
        origin: Its path in the config, where its values come from, and its path there.
        marks: What set the values that come from elsewhere.
    """
    new = dict.__new__(cls)
    _set_dict(new, new)
    _set_origin(new, origin)
    _set_marks(new, None if marks is None else dict(marks))
    return new


def restored(
    cls: type[K],
    values: dict[str, Any],
    origin: tuple[str, Source | None, str],
    marks: dict[str, Mark] | None,
) -> K:
    """Return what was pickled."""
    new = blank(cls, origin, marks)
    dict.update(new, values)
    return new


def mark_of(node: ConfigDict, key: str) -> Mark:
    """Return what set the value of `key`, or an item in it (`'layers.0'`)."""
    if node._marks is not None:
        if key in node._marks:
            return node._marks[key]
        outer, dot, item = str(key).rpartition(".")
        if dot:
            mark = mark_of(node, outer)
            return Mark(mark.source, f"{mark.at}.{item}")
    _, source, at = node._origin
    return Mark(source, f"{at}.{key}" if at else str(key))


def _holds_data(value: Any) -> bool:
    if isinstance(value, ConfigDict):
        return any(value.__trust__(key) is False for key in dict.keys(value))
    return type(value) in (list, tuple) and any(map(_holds_data, value))


def note(node: ConfigDict, key: str, mark: Mark) -> None:
    """Remember what set the value of `key`, or an item in it (`'layers.0'`)."""
    if node._marks is None:
        _set_marks(node, {key: mark})
    else:
        node._marks[key] = mark


def put(node: ConfigDict, key: str, value: Any, source: Source | None, at: str) -> None:
    """Set a value that comes from `source`, where it stands at the path `at`."""
    if key in node:
        former = mark_of(node, key)
        if former.source == source:  # a loop leaves one mark, not one for each turn
            note(node, key, Mark(source, at, former.before, former.former))
        else:
            note(node, key, Mark(source, at, node[key], former))
        if type(node[key]) in (list, tuple):
            _forget_items(node, key)
    elif source is not node._origin[1]:
        note(node, key, Mark(source, at))
    if type(value) not in _ATOMS:
        path = node._origin[0]
        value = placed(value, f"{path}.{key}" if path else key, source, at)
    dict.__setitem__(node, key, value)


def _forget_items(node: ConfigDict, key: str) -> None:
    marks = node._marks or {}
    for item in [each for each in marks if str(each).startswith(f"{key}.")]:
        del marks[item]


def placed(value: Any, path: str, source: Source | None, at: str) -> Any:
    """Return a copy of `value` that knows its place, with each mapping in it as a `ConfigDict`.

    Args:
        value: Any value. Where a `ConfigDict` in it knows where its values come from, that stays.
        path: Where the value stands in the config.
        source: Where it comes from.
        at: Its path there.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is list or kind is tuple:
        return kind(
            [
                each
                if type(each) in _ATOMS
                else placed(each, f"{path}.{index}", source, f"{at}.{index}")
                for index, each in enumerate(value)
            ]
        )
    if isinstance(value, ConfigDict):
        _, own, own_at = value._origin
        if own is not None:
            source, at = own, own_at
        new = blank(ConfigDict, (path, source, at), value._marks)
    elif isinstance(value, Mapping):
        new = blank(ConfigDict, (path, source, at))
    else:
        return value
    place(new, value)
    return new


def place(node: ConfigDict, values: Mapping[str, Any]) -> None:
    """Put values into a new dictionary, which has its place already."""
    path, source, at = node._origin
    before, before_at = (f"{path}." if path else ""), (f"{at}." if at else "")
    same = before is before_at or path == at
    keep = dict.__setitem__
    for key, each in values.items():
        if type(each) in _ATOMS:
            if key != DELETE or source is None:
                keep(node, key, each)
        else:
            inner = f"{before}{key}"
            keep(node, key, placed(each, inner, source, inner if same else f"{before_at}{key}"))


def move(node: ConfigDict, origin: tuple[str, Source | None, str]) -> None:
    """Tell a dictionary, and those in it, of the place that they have got."""
    _set_origin(node, origin)
    path, source, at = origin
    for key, value in dict.items(node):
        _move_within(value, f"{path}.{key}" if path else key, source, f"{at}.{key}")


def _move_within(value: Any, path: str, source: Source | None, at: str) -> None:
    if isinstance(value, ConfigDict) and value._origin[1] is None:
        move(value, (path, source, at))
    elif type(value) in (list, tuple):
        for index, each in enumerate(value):
            _move_within(each, f"{path}.{index}", source, f"{at}.{index}")


def to_plain(value: Any) -> Any:
    """Return `value` with each `ConfigDict` in it as a `dict`."""
    if isinstance(value, dict):
        return {key: to_plain(each) for key, each in dict.items(value)}
    if type(value) in (list, tuple):
        return type(value)(to_plain(each) for each in value)
    return value


def caller(depth: int = 2) -> Site:
    """Return the line of a program that calls into this package.

    Args:
        depth: How many calls are between: 2 is the one of the function that asks.
    """
    frame = sys._getframe(depth)
    return Site(frame.f_code.co_filename, frame.f_lineno)
