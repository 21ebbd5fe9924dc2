"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

# Options that take several words, the first ones pairs of key and value.
PAIRS = ("--cfg-options", "--set")
REPEATED = (*PAIRS, "--keys")

ConfigArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        help="A config file, or package::file for one that a package ships.",
        show_default=False,
    ),
]
CheckpointArgument = Annotated[
    str, typer.Argument(metavar="CHECKPOINT", help="A checkpoint.", show_default=False)
]
WorkDirOption = Annotated[
    Path | None,
    typer.Option(
        help="The folder for everything that the run writes.", show_default="work_dirs/<config>"
    ),
]
OptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--cfg-options",
        metavar="KEY=VALUE",
        help="Change the config, e.g. model.backbone.depth=50. Takes several pairs.",
    ),
]
LauncherOption = Annotated[
    str,
    typer.Option(
        help="What starts the processes of the run; pytorch is torchrun.",
        metavar="none|pytorch|slurm|mpi",
    ),
]
DeviceOption = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1, ...", show_default="the best there is")
]
SeedOption = Annotated[int | None, typer.Option(help="The seed of all randomness.")]
DataRootOption = Annotated[
    str | None, typer.Option(help="The folder of the datasets, instead of that in the config.")
]
MonitorOption = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC",
        help="The metric by which runs are compared.",
        show_default="that of save_best, or the first",
    ),
]
RuleOption = Annotated[
    str | None,
    typer.Option(
        metavar="greater|less", help="What is better.", show_default="the name of the metric tells"
    ),
]
ShapeOption = Annotated[
    str | None,
    typer.Option(
        metavar="C,H,W",
        help="Channels, height and width of an input.",
        show_default="those of the data",
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option("--trust", help="Trust a config of data as if it were code."),
]
NoLintOption = Annotated[bool, typer.Option("--no-lint", help="Train without the check.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    """Return the sizes that `--shape` says, if it is given.

    Raises:
        ValueError: If they are no whole numbers.
    """
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", text):
        raise ValueError(f"--shape must be whole numbers such as 3,224,224; got {text!r}")
    return tuple(map(int, text.split(",")))
