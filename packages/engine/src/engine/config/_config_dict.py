"""`ConfigDict`: a dictionary with attribute access."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from types import FunctionType, MethodDescriptorType
from typing import Any, Self, TypeVar

from engine.utils import did_you_mean

from ._merge import merge_into, union, update_node
from ._node import NOWHERE, Node, assign, attach, forget_origins, make_node
from ._provenance import Site
from ._to_plain import to_dicts

C = TypeVar("C", bound=type)


def prefer_methods(cls: C) -> C:
    """Let the methods of a class be reached as attributes although a key has the name of one.

    A `ConfigDict` is its own `__dict__`, so a key would hide a method; it can't hide a property.
    """
    for name in dir(cls):
        member = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
        if not name.startswith("_") and isinstance(member, (FunctionType, MethodDescriptorType)):
            setattr(cls, name, property(member.__get__, doc=member.__doc__))
    return cls


@prefer_methods
class ConfigDict(Node):
    """A dictionary with attribute access: `cfg.model.backbone.depth`.

    Mappings that are put in, also within lists and tuples, become `ConfigDict`; a dictionary of a
    class of its own, such as a `defaultdict`, stays what it is. The file and line of an assignment
    are recorded; see `Config.provenance`.

    Args:
        *args: A mapping or pairs, as for `dict`.
        **kwargs: Further items.
    """

    __slots__ = ()

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Self:
        """Make an empty dictionary, which is in no config yet."""
        return make_node(cls, NOWHERE)

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for key, value in dict(*args, **kwargs).items():
            dict.__setitem__(self, key, attach(value, key, None, key))

    def __setitem__(self, key: str, value: Any) -> None:
        assign(self, key, value, call_site())

    def __getattr__(self, name: str) -> Any:
        """Explain that there is no such attribute.

        Raises:
            AttributeError: Always; it names a similar key.
        """
        place = f"{self.__where__()}: " if self._location[0] else ""
        raise AttributeError(f"{place}the config has no key {name!r}{did_you_mean(name, self)}")

    def __setattr__(self, name: str, value: Any) -> None:
        assign(self, name, value, call_site())

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"the config has no key {name!r}") from None

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` if there is none."""
        return dict.get(self, key, default)

    def update(self, /, *args: Any, **kwargs: Any) -> None:
        """Set several keys; a dictionary is merged into the former one, and all else replaced.

        A dictionary with `_delete_=True` replaces the former one.
        """
        update_node(self, dict(*args, **kwargs), call_site())

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, after setting it to `default` if there is none."""
        if key not in self:
            assign(self, key, default, call_site())
        return self[key]

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
        forget_origins(self)

    def merge(self, other: Mapping[str, Any]) -> None:
        """Merge another dictionary into this one, key by key all the way down.

        Args:
            other: The new values. A dictionary in it with `_delete_=True` replaces the former one;
                one with numbers as keys changes the items of a list.

        Raises:
            ConfigError: If a dictionary meets a value that it can't be merged into.
        """
        merge_into(self, other, call_site(), self._location[2])

    def copy(self) -> Self:
        """Return a shallow copy."""
        return copy.copy(self)

    def deepcopy(self) -> Self:
        """Return a copy that shares no dictionary or list with this one."""
        return copy.deepcopy(self)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        return union(self, other, call_site())

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]  # dict's overloads
        update_node(self, dict(other), call_site())
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries all the way down."""
        return {key: to_dicts(value) for key, value in dict.items(self)}


Node._child_class = ConfigDict


def call_site(depth: int = 2) -> Site:
    """Return the line of a program that calls into this package.

    Args:
        depth: How many calls are between: 2 is the caller of the function that asks.
    """
    frame = sys._getframe(depth)
    return Site(frame.f_code.co_filename, frame.f_lineno)
