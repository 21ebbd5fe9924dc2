"""The `engine` command: its parts, and the handling of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from engine import __version__
from engine.compat import CompatError
from engine.config import ConfigError
from engine.registry import RegistryError

from . import (
    _browse,
    _checkpoint,
    _compare,
    _compat,
    _completion,
    _config,
    _env,
    _export,
    _lr,
    _models,
    _new,
    _plot,
    _push,
    _registry,
    _summary,
    _sweep,
    _test,
    _train,
)
from ._arguments import PAIRS, REPEATED
from ._help import Sections

USER_ERROR = 2


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"engine {__version__}")
        raise typer.Exit


_TRAIN, _LOOK, _USE, _SET_UP = "Train and test", "Look", "Use a model", "Set up"

app = typer.Typer(
    name="engine",
    cls=Sections,
    no_args_is_help=True,
    add_completion=False,  # that of `engine completion` knows configs and registered names
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes longer than all else
)


@app.callback()
def _about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Train, test and use models from configs."""


app.command(rich_help_panel=_TRAIN)(_train.train)
app.command("test", rich_help_panel=_TRAIN)(_test.run_test)
app.command(rich_help_panel=_TRAIN)(_sweep.sweep)
app.command(rich_help_panel=_TRAIN)(_lr.lr)
app.command(rich_help_panel=_LOOK)(_config.lint)
app.command(rich_help_panel=_LOOK)(_browse.browse)
app.command(rich_help_panel=_LOOK)(_summary.summary)
app.command(rich_help_panel=_LOOK)(_models.models)
app.command(rich_help_panel=_LOOK)(_plot.plot)
app.command(rich_help_panel=_LOOK)(_compare.compare)
app.add_typer(_config.app, name="config", rich_help_panel=_LOOK)
app.add_typer(_registry.app, name="registry", rich_help_panel=_LOOK)
app.add_typer(_checkpoint.app, name="checkpoint", rich_help_panel=_LOOK)
app.command(rich_help_panel=_USE)(_checkpoint.predict)
app.command(rich_help_panel=_USE)(_export.export)
app.command(rich_help_panel=_USE)(_push.push)
app.add_typer(_new.app, name="new", rich_help_panel=_SET_UP)
app.command(rich_help_panel=_SET_UP)(_env.env)
app.command(rich_help_panel=_SET_UP)(_completion.completion)
app.add_typer(_compat.app, name="compat", rich_help_panel=_SET_UP)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    The exit status is 0 after success or SIGTERM, 1 if a check has findings, 2 after an error of
    the user, 130 after Ctrl-C.

    Args:
        arguments: The words of the command line; None means those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == [_completion.HIDDEN_COMMAND]:
        _completion.print_completions(typer.main.get_command(app), words[1:])
        return
    if words[:2] != ["compat", "run"]:  # whose words are those of a script
        words = _repeat_options(words)
    try:
        _recorded(app)(words)
    except _list_user_errors() as error:
        if "--debug" in words:
            raise
        message = "\n  ".join([str(error), *getattr(error, "__notes__", [])])
        typer.secho(f"Error: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(USER_ERROR)


def _recorded(run: Callable[[list[str]], Any]) -> Callable[[list[str]], Any]:
    """Return a function whose error torchrun shows in its summary, if torchrun is who calls it."""
    if "TORCHELASTIC_ERROR_FILE" not in os.environ:
        return run
    from torch.distributed.elastic.multiprocessing.errors import record  # deferred: imports torch

    return record(run)


def _repeat_options(words: list[str]) -> list[str]:
    """Repeat an option that takes several words before each pair or name that follows it."""
    result: list[str] = []
    option = ""
    for word in words:
        if word in REPEATED:
            option = word
        elif word.startswith("-") or (option in PAIRS and "=" not in word):
            option = ""
        elif option and result[-1] != option:
            result.append(option)
        result.append(word)
    return result


def _list_user_errors() -> tuple[type[Exception], ...]:
    errors: list[type[Exception]]
    errors = [CompatError, ConfigError, RegistryError, ValueError, OSError]
    if "torch" in sys.modules:
        from engine.dist import ProcessLostError
        from engine.runner import CheckpointError

        errors += [CheckpointError, ProcessLostError]
    return tuple(errors)
