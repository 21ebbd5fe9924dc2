"""`engine compat`: run libraries that were written for MMEngine."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

import typer

from engine import compat

from ._arguments import JsonOption
from ._table import print_table

app = typer.Typer(help="Run libraries that were written for MMEngine.", no_args_is_help=True)


@app.command()
def enable() -> None:
    """Make `import mmengine` mean engine in this environment."""
    version = compat.enable()
    typer.echo(f"mmengine is engine now (as version {version}); `engine compat disable` ends that")


@app.command()
def disable() -> None:
    """Take back what `enable` did."""
    was_enabled = compat.disable()
    typer.echo("mmengine is engine no more" if was_enabled else "it was not enabled")


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="",
)
def run(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="SCRIPT [ARGUMENTS]...",
            help="A script and its arguments, or -m and a module, as for python.",
            show_default=False,
        ),
    ],
) -> None:
    """Run a script for which `import mmengine` means engine, and leave the environment as it is."""
    compat.run(words)


@app.command()
def check(
    library: Annotated[
        str, typer.Argument(help="An installed package, or a folder of sources.", metavar="LIBRARY")
    ],
    as_json: JsonOption = False,
) -> None:
    """List the names of MMEngine that a library uses, and where engine has them.

    The exit status is 1 if a name is absent that the library can't do without.
    """
    uses = compat.check(library)
    if as_json:
        typer.echo(json.dumps([use._asdict() for use in uses], indent=2))
    else:
        _print_uses(uses)
    if any(use.status == "absent" and not use.is_guarded for use in uses):
        raise typer.Exit(1)


def _print_uses(uses: list[compat.Use]) -> None:
    if not uses:
        typer.echo("nothing of MMEngine is used")
        return
    first = {use.name: use for use in reversed(uses)}
    counts = Counter(use.name for use in uses)
    rows = []
    for name, use in sorted(first.items(), key=lambda item: (item[1].status, item[0])):
        guarded = " (guarded)" if use.is_guarded and use.status == "absent" else ""
        place = use.place or use.reason or "-"
        site = f"{use.file}:{use.line}"
        rows.append((use.status + guarded, name, place, str(counts[name]), site))
    print_table(("status", "name", "in engine", "uses", "first"), rows)
    by_status = Counter(use.status for use in first.values())
    typer.echo(", ".join(f"{count} {status}" for status, count in sorted(by_status.items())))
