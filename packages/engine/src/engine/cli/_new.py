"""`engine new`: a library of one's own, and a config for one's own images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from engine.config import Config

from ._arguments import DebugOption, JsonOption
from ._new_config import NewConfig, write_config
from ._new_library import write_library

app = typer.Typer(help="Begin a library or a config.", no_args_is_help=True)


@app.command()
def library(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The name of the package.", show_default=False),
    ],
    folder: Annotated[
        Path, typer.Option("--dir", help="The folder in which that of the library is made.")
    ] = Path(),
    description: Annotated[
        str, typer.Option(help="What it is, in one line.")
    ] = "Parts for engine.",
    author: Annotated[str | None, typer.Option(help="Who made it.", show_default="none")] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a library with a scope, a part of each kind, a config and tests that pass."""
    made = write_library(name, folder, description, author)
    if as_json:
        files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
        typer.echo(json.dumps({"folder": str(made), "files": [*map(str, files)]}, indent=2))
        return
    typer.echo(f"Wrote {made}")
    typer.echo(f"  pip install -e {made}")
    typer.echo(f"  engine train {name}::squares.py")


@app.command()
def config(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The file to write: flowers.py.", show_default=False),
    ],
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The images: train/<class>/ and val/<class>/, or images/train, masks/train, "
            "images/val and masks/val.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="The backbone: timm.resnet18.", show_default="that of the base"),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="CONFIG",
            help="The config that it changes.",
            show_default="the first for fine-tuning that fits the images",
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="The classes of masks: background,road.",
            show_default="those of the folders",
        ),
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a config that fine-tunes a model on a folder of images, and check it."""
    from engine.lint import check  # deferred: --help needs no torch

    names = None if classes is None else [each.strip() for each in classes.split(",")]
    file = Path(name if name.endswith(".py") else f"{name}.py")
    made = write_config(file, NewConfig(data, model, base, names))
    findings = check(Config.fromfile(file))
    if as_json:
        facts = {"file": str(file), "base": made.base, "classes": [*made.classes]}
        typer.echo(json.dumps({**facts, **findings.to_dict()}, indent=2))
    else:
        typer.echo(f"Wrote {file}: {len(made.classes)} classes, {', '.join(made.classes)}")
        typer.echo(f"  it changes {made.base}")
        typer.echo(f"  engine train {file}")
        for finding in findings:
            typer.echo(f"{finding.severity}: {finding}", err=True)
    if findings.errors:
        raise typer.Exit(1)
