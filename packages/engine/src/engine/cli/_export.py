"""`engine export`: write the weights of a checkpoint to another file."""

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
            metavar="OUT", help="The new file, *.safetensors or *.pth.", show_default=False
        ),
    ],
    debug: DebugOption = False,
) -> None:
    """Write the weights of a checkpoint, without the training state, to another file."""
    from engine.checkpoint import export_weights  # deferred: other commands don't need torch

    export_weights(checkpoint, out)
    typer.echo(f"Wrote {out}")
