"""Tables of parts beside those of other libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from measure import Op, by_turns

_ROUNDS = 15


class Row(NamedTuple):
    """A part.

    Attributes:
        name: What is done.
        floor: The least that it takes, or None if the fastest of the others is the measure.
        others: The same with other libraries, by their names.
        ours: The same with engine.
        most: How much of the floor, or of the time of the fastest other one, ours may take.
        times: How often it is done in a round.
    """

    name: str
    floor: Op | None
    others: Mapping[str, Op]
    ours: Op
    most: float
    times: int = 1


def print_rows(rows: Iterable[Row]) -> None:
    """Measure the parts, which take turns with what they are beside, and print a table."""
    print("| part | floor, µs | others, µs | engine, µs | ratio | target |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        floors = [] if row.floor is None else [row.floor]
        ops = [*floors, *row.others.values(), row.ours]
        *before, ours = by_turns(ops, _ROUNDS, row.times)
        others = before[len(floors) :]
        ratio = ours / (before[0] if floors else min(others))
        measure = "the floor" if floors else "the fastest"
        told = ", ".join(map("{} {}".format, row.others, map(_micro, others)))
        shown = f"{_micro(before[0]) if floors else ''} | {told} | {_micro(ours)} | {ratio:.2f}"
        print(f"| {row.name} | {shown} | ≤ {row.most:g} × {measure} |", flush=True)


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f}"
