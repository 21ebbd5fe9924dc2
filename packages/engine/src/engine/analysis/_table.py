"""Text tables of modules."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import nn


class Row(NamedTuple):
    """A module or a parameter in a table.

    Attributes:
        name: Its name in the model.
        shown: What the table calls it, indented by its depth.
        shape: The shape of a parameter; empty for a module.
    """

    name: str
    shown: str
    shape: str = ""


def rows(model: nn.Module, max_depth: int) -> Iterator[Row]:
    """Yield the modules of a model that have parameters, and their parameters, in order.

    Args:
        model: The model.
        max_depth: How many levels to show; the model itself is above the first.
    """
    yield Row("", "model")
    yield from _below(model, "", 1, max_depth)


def _below(module: nn.Module, prefix: str, depth: int, max_depth: int) -> Iterator[Row]:
    if depth > max_depth:
        return
    indent = "  " * (depth - 1)
    for name, parameter in module.named_parameters(recurse=False):
        yield Row(prefix + name, f"{indent}{prefix}{name}", str(tuple(parameter.shape)))
    for name, child in module.named_children():
        if next(child.parameters(), None) is not None:
            yield Row(prefix + name, f"{indent}{prefix}{name}")
            yield from _below(child, f"{prefix}{name}.", depth + 1, max_depth)


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table as text.

    Args:
        titles: The head of each column.
        lines: The cells.
    """
    from rich import box  # deferred: only a table needs it
    from rich.console import Console
    from rich.table import Table

    grid = Table(*titles, box=box.ASCII)
    for line in lines:
        grid.add_row(*line)
    width = sum(max(map(len, column)) + 3 for column in zip(titles, *lines, strict=True)) + 1
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(grid, markup=False, highlight=False)
    return captured.get().rstrip("\n")
