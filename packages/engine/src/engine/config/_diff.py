"""In what two configs differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.utils import same_value

from ._config import Config
from ._config_dict import ConfigDict, mark_of
from ._limits import shown
from ._provenance import Mark, Provenance


@dataclass(frozen=True)
class Change:
    """A value that two configs don't have in common.

    Attributes:
        path: Where it stands.
        before: The value in the first; None if it has none.
        after: The value in the second; None if it has none.
    """

    path: str
    before: Provenance | None
    after: Provenance | None

    def __str__(self) -> str:
        """Return lines as `- model.depth = 18 (a.py:3)`."""
        told = (("-", self.before), ("+", self.after))
        return "\n".join(
            f"{sign} {each.path} = {shown(each.value)}{f' ({each.site})' if each.site else ''}"
            for sign, each in told
            if each is not None
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {
            "path": self.path,
            "before": None if self.before is None else self.before.to_dict(),
            "after": None if self.after is None else self.after.to_dict(),
        }


def changes(first: Config, second: Config) -> Iterator[Change]:
    """Yield in what two configs differ, in the order of the first."""
    yield from _changes("", (first, first, ""), (second, second, ""))


_Side = tuple[Any, ConfigDict, Any]
"""A value, the dictionary that holds it, and its key there, or the path of an item of a list."""


def _changes(path: str, first: _Side, second: _Side) -> Iterator[Change]:
    before, after = first[0], second[0]
    if isinstance(before, ConfigDict) and isinstance(after, ConfigDict):
        for key in {**before, **after}:
            below = f"{path}.{key}" if path else str(key)
            one = (before[key], before, key) if key in before else None
            other = (after[key], after, key) if key in after else None
            yield from _compared(below, one, other)
    elif type(before) is type(after) and isinstance(before, (list, tuple)):
        for index in range(max(len(before), len(after))):
            one, other = _item(first, index), _item(second, index)
            yield from _compared(f"{path}.{index}", one, other)
    elif not _same(before, after):
        yield Change(path, _told(path, first), _told(path, second))


def _compared(path: str, one: _Side | None, other: _Side | None) -> Iterator[Change]:
    if one is not None and other is not None:
        yield from _changes(path, one, other)
        return
    for sub, value, mark in _parts(path, one or other):
        told = Provenance.of(sub, value, mark)
        yield Change(sub, told if one else None, told if other else None)


def _parts(path: str, side: _Side | None) -> Iterator[tuple[str, Any, Mark]]:
    """Yield the leaves of what only one of the configs has."""
    assert side is not None
    value, holder, within = side
    inner: list[tuple[str, _Side]] = []
    if isinstance(value, ConfigDict):
        inner = [(f"{path}.{key}", (each, value, key)) for key, each in dict.items(value)]
    elif isinstance(value, (list, tuple)):
        inner = [(f"{path}.{i}", (each, holder, f"{within}.{i}")) for i, each in enumerate(value)]
    if not inner:
        yield path, value, mark_of(holder, within)
    for below, each in inner:
        yield from _parts(below, each)


def _item(side: _Side, index: int) -> _Side | None:
    value, holder, within = side
    return (value[index], holder, f"{within}.{index}") if index < len(value) else None


def _told(path: str, side: _Side) -> Provenance:
    value, holder, within = side
    return Provenance.of(path, value, mark_of(holder, within))


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and same_value(one, other)
