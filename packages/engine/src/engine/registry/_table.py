"""What registries look like in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

_WIDTH = 100


def table(title: str, rows: Mapping[str, Any]) -> str:
    """Return a table of names and what they stand for.

    Args:
        title: The title.
        rows: Objects by name.
    """
    grid = Table("Names", "Objects", title=title)
    for name, value in sorted(rows.items()):
        grid.add_row(name, str(value))
    return rendered(grid)


def rendered(shown: RenderableType) -> str:
    """Return the text of something that rich can print."""
    console = Console(width=_WIDTH)
    with console.capture() as capture:
        console.print(shown, end="")
    return capture.get()
