"""A dictionary whose keys are attributes as well, and which knows its place in a config."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from engine.utils import did_you_mean


class Origin(NamedTuple):
    """Where a `ConfigDict` stands: its path from the top (`'model.backbone'`), and the file."""

    path: str
    filename: str | None


class ConfigDict(dict[str, Any]):
    """A dictionary with attribute access: `cfg.model.backbone.depth`.

    Mappings that are put in, also within lists and tuples, become `ConfigDict`.

    Args:
        *args: A mapping or pairs, as for `dict`.
        **kwargs: Further items.
    """

    __slots__ = ("_origin",)
    _origin: Origin | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        object.__setattr__(self, "_origin", None)
        self.update(*args, **kwargs)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, to_config(value))

    def __getattr__(self, name: str) -> Any:
        """Return the value of the key `name`.

        Raises:
            AttributeError: If there is no such key; it names a near one.
        """
        try:
            return self[name]
        except KeyError:
            place = f"{self.__where__()}: " if self.__where__() else ""
            raise AttributeError(
                f"{place}the config has no key {name!r}{did_you_mean(name, self)}"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"the config has no key {name!r}") from None

    def __where__(self, key: str | None = None) -> str:
        """Return the place of this dictionary, or of its `key`: `'model.backbone (x.py)'`."""
        if self._origin is None:
            return ""
        path, filename = self._origin
        if key is not None:
            path = f"{path}.{key}" if path else key
        return f"{path} ({filename})" if filename and path else path

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several keys, as `dict.update` does."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, after setting it to `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        """Remove `key` and return its value, or `default` (None if not given)."""
        return super().pop(key, default[0] if default else None)

    def copy(self) -> Self:
        """Return a shallow copy."""
        return copy.copy(self)

    def __copy__(self) -> Self:
        new = type(self).__new__(type(self))
        dict.update(new, self)
        object.__setattr__(new, "_origin", self._origin)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        dict.update(new, {key: copy.deepcopy(value, memo) for key, value in self.items()})
        object.__setattr__(new, "_origin", self._origin)
        return new

    def __reduce__(self) -> tuple[type[ConfigDict], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, Mapping):
            return NotImplemented
        new = self.copy()
        new.update(other)
        return new

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]  # dict's overloads
        self.update(other)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries all the way down."""
        return {key: to_plain(value) for key, value in self.items()}


def to_config(value: Any) -> Any:
    """Return `value` with each mapping in it as a `ConfigDict`."""
    if isinstance(value, ConfigDict):
        return value
    if isinstance(value, Mapping):
        return ConfigDict(value)
    return _rebuilt(value, to_config)


def to_plain(value: Any) -> Any:
    """Return `value` with each `ConfigDict` in it as a `dict`."""
    if isinstance(value, ConfigDict):
        return value.to_dict()
    return _rebuilt(value, to_plain)


def _rebuilt(value: Any, convert: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(convert(each) for each in value)
    return value


def place(value: Any, path: str, filename: str | None) -> None:
    """Tell each `ConfigDict` in `value` where it stands."""
    if isinstance(value, ConfigDict):
        object.__setattr__(value, "_origin", Origin(path, filename))
        prefix = f"{path}." if path else ""
        children: Iterable[tuple[Any, Any]] = value.items()
    elif type(value) in (list, tuple):
        prefix, children = f"{path}.", enumerate(value)
    else:
        return
    for key, child in children:
        place(child, f"{prefix}{key}", filename)
