"""`engine lr`: a learning rate range test, and the schedules of a config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ._arguments import (
    ConfigArgument,
    DataRootOption,
    DebugOption,
    DeviceOption,
    JsonOption,
    OptionsOption,
    SeedOption,
    TrustOption,
)
from ._drawing import require_drawing
from ._run_end import exit_after_signal
from ._settings import Settings, read_config
from ._table import print_table

OutOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE.png", help="The image.", show_default="lr.png, or none with --json"),
]


def lr(
    config: ConfigArgument,
    least: Annotated[float, typer.Option("--min", help="The first learning rate.")] = 1e-6,
    most: Annotated[float, typer.Option("--max", help="The last learning rate.")] = 1.0,
    steps: Annotated[int, typer.Option(help="How many iterations to train.")] = 100,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Draw the schedules of the config; train nothing.")
    ] = False,
    iters_per_epoch: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The iterations of an epoch, for --schedule.",
            show_default="those of the training data",
        ),
    ] = None,
    out: OutOption = None,
    cfg_options: OptionsOption = None,
    device: DeviceOption = None,
    seed: SeedOption = None,
    data_root: DataRootOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Find a learning rate: train for some steps with a rate that rises, and draw the losses."""
    from engine.runner import find_lr, plot_schedule, schedule_of  # deferred: --help needs no torch

    settings = Settings(
        options=cfg_options or [], device=device, seed=seed, data_root=data_root, trust=trust
    )
    image = _image(out, as_json)
    cfg = read_config(config, settings)
    if schedule:
        values = schedule_of(cfg, iters_per_epoch)
        if image is not None:
            plot_schedule(values, image)
        if as_json:
            typer.echo(json.dumps(values))
        else:
            rows = ((name, *_ends(each)) for name, each in values.items())
            print_table(("option", "first", "least", "most", "last"), rows)
    else:
        with exit_after_signal():
            found = find_lr(cfg, least, most, steps)
        if image is not None:
            found.plot(image)
        if as_json:
            typer.echo(json.dumps(found.to_dict()))
        else:
            _tell(found.steepest, found.tenth_of_minimum)
    if image is not None:
        typer.echo(f"Wrote {image}", err=as_json)


def _image(out: Path | None, as_json: bool) -> Path | None:
    """Return where the image goes, if there is to be one and it can be drawn."""
    if out is None and as_json:
        return None
    require_drawing()
    return out or Path("lr.png")


def _ends(values: list[float]) -> list[str]:
    return [f"{value:.4g}" for value in (values[0], min(values), max(values), values[-1])]


def _tell(steepest: float | None, tenth: float | None) -> None:
    if steepest is None or tenth is None:
        typer.echo("The loss does not fall between these rates: take others, or more --steps")
        return
    rows = [
        ("steepest descent of the loss", f"{steepest:.2g}"),
        ("minimum of the loss / 10", f"{tenth:.2g}"),
    ]
    print_table(("learning rate at", ""), rows)
