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
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
    console.print(grid)
