"""`engine compare`: a table of the scores of runs, and their curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from engine.visualization import find_runs, plot_curves

from ._arguments import DebugOption, JsonOption, MonitorOption, RuleOption
from ._drawing import require_drawing
from ._table import print_table


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="WORK_DIR...",
            help="Work dirs of runs, or folders of them such as that of a sweep.",
            show_default=False,
        ),
    ],
    monitor: MonitorOption = None,
    rule: RuleOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw the curves of all runs.", show_default="none"),
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare the best scores of runs; those that differ in the seed only are one row."""
    from engine.runner import compare_runs, run_folders  # deferred: --help needs no torch

    if out is not None:
        require_drawing()
    found = compare_runs(paths, monitor, rule)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        print_table(found.columns, found.rows())
        typer.echo(found.describe())
    if out is not None:
        plot_curves(find_runs(run_folders(paths)), out)
        typer.echo(f"Wrote {out}", err=as_json)
