"""Tables of several columns, for terminals and pipes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

_PIPE_WIDTH = 200  # columns


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, in a pipe with room for long paths."""
    from rich.console import Console  # deferred: --help needs no rich table
    from rich.table import Table

    grid = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        grid.add_row(*row)
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    console = Console(width=width, markup=False, emoji=False)  # texts of users stay as they are
    console.print(grid)
