"""Differences between two configs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.utils import same_value

from ._limits import format_value
from ._node import Node, origin_of
from ._provenance import Origin, Provenance


@dataclass(frozen=True)
class Change:
    """A value that differs between two configs.

    Attributes:
        path: Its path.
        before: The value in the first; None if it has none.
        after: The value in the second; None if it has none.
    """

    path: str
    before: Provenance | None
    after: Provenance | None

    def __str__(self) -> str:
        """Return lines such as `- model.depth = 18 (a.py:3)`."""
        sides = (("-", self.before), ("+", self.after))
        return "\n".join(
            f"{sign} {each.path} = {format_value(each.value)}"
            f"{f' ({each.site})' if each.site else ''}"
            for sign, each in sides
            if each is not None
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {
            "path": self.path,
            "before": None if self.before is None else self.before.to_dict(),
            "after": None if self.after is None else self.after.to_dict(),
        }


def changes(first: Node, second: Node) -> Iterator[Change]:
    """Yield the differences between two configs, in the order of the first."""
    yield from _compare("", (first, first, ""), (second, second, ""))


_Side = tuple[Any, Node, Any]
"""A value, the dictionary that holds it, and its key there, or the path of an item of a list."""


def _compare(path: str, first: _Side, second: _Side) -> Iterator[Change]:
    before, after = first[0], second[0]
    if isinstance(before, Node) and isinstance(after, Node):
        for key in {**before, **after}:
            below = f"{path}.{key}" if path else str(key)
            one = (before[key], before, key) if key in before else None
            other = (after[key], after, key) if key in after else None
            yield from _compare_either(below, one, other)
    elif type(before) is type(after) and isinstance(before, (list, tuple)):
        for index in range(max(len(before), len(after))):
            one, other = _item(first, index), _item(second, index)
            yield from _compare_either(f"{path}.{index}", one, other)
    elif type(before) is not type(after) or not same_value(before, after):
        yield Change(path, _provenance_of(path, first), _provenance_of(path, second))


def _compare_either(path: str, one: _Side | None, other: _Side | None) -> Iterator[Change]:
    if one is not None and other is not None:
        yield from _compare(path, one, other)
        return
    for sub, value, origin in _leaves(path, one or other):
        record = Provenance.of(sub, value, origin)
        yield Change(sub, record if one else None, record if other else None)


def _leaves(path: str, side: _Side | None) -> Iterator[tuple[str, Any, Origin]]:
    """Yield the leaves of a value that only one of the configs has."""
    assert side is not None
    value, holder, within = side
    inner: list[tuple[str, _Side]] = []
    if isinstance(value, Node):
        inner = [(f"{path}.{key}", (each, value, key)) for key, each in dict.items(value)]
    elif isinstance(value, (list, tuple)):
        inner = [(f"{path}.{i}", (each, holder, f"{within}.{i}")) for i, each in enumerate(value)]
    if not inner:
        yield path, value, origin_of(holder, within)
    for below, each in inner:
        yield from _leaves(below, each)


def _item(side: _Side, index: int) -> _Side | None:
    value, holder, within = side
    return (value[index], holder, f"{within}.{index}") if index < len(value) else None


def _provenance_of(path: str, side: _Side) -> Provenance:
    value, holder, within = side
    return Provenance.of(path, value, origin_of(holder, within))
