"""`engine plot`: draw the curves of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.visualization import find_runs, plot_curves

from ._arguments import DebugOption
from ._drawing import require_drawing


def plot(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Work dirs, folders of single starts in them, or scalars.json files.",
            show_default=False,
        ),
    ],
    keys: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The values to draw, e.g. loss 'acc*'. Takes several names.",
            show_default="the loss, the learning rate and the metrics",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="The image.")] = Path("curves.png"),
    debug: DebugOption = False,
) -> None:
    """Draw the curves of one run or several; a resumed run is one curve."""
    require_drawing()
    plot_curves(find_runs(paths), out, keys or ())
    typer.echo(f"Wrote {out}")
