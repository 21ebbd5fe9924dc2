"""`engine push`: a trained model on the Hugging Face Hub."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ._arguments import CheckpointArgument, DebugOption, JsonOption, TrustOption


def push(
    checkpoint: CheckpointArgument,
    repository: Annotated[
        str,
        typer.Argument(metavar="USER/NAME", help="Its name on the Hub.", show_default=False),
    ],
    config: Annotated[
        str | None,
        typer.Option(
            help="The config of the run, or package::file.", show_default="that in the checkpoint"
        ),
    ] = None,
    license: Annotated[
        str | None, typer.Option(help="The license in the model card, e.g. apache-2.0.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Let everybody see a new repository.")
    ] = False,
    message: Annotated[
        str, typer.Option(help="What the history of the repository says.")
    ] = "Upload a model of engine",
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Put a checkpoint, or a folder of `engine export --format hub`, on the Hugging Face Hub."""
    from engine.infer import push_to_hub  # deferred: --help needs no torch

    try:
        address = push_to_hub(
            checkpoint,
            repository,
            config,
            license=license,
            private=not public,
            message=message,
            trust=trust,
        )
    except ImportError as error:
        raise ValueError(str(error)) from error  # an error of the user, shown without traceback
    typer.echo(json.dumps({"url": address}) if as_json else f"Pushed to {address}")
