"""`engine export`: weights of a checkpoint in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._arguments import CheckpointArgument, DebugOption


def export(
    checkpoint: CheckpointArgument,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Where they go: *.safetensors, or *.pth.", show_default=False
        ),
    ],
    debug: DebugOption = False,
) -> None:
    """Write the weights of a checkpoint, without the state of its training, to another file."""
    from engine.checkpoint import export_weights  # deferred: other commands don't need torch

    export_weights(checkpoint, out)
    typer.echo(f"Wrote {out}")
