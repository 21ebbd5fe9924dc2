"""`engine config` and `engine lint`: show, compare and check configs."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import typer

from engine.config import Config, ConfigError, changes, leaves, parse_options

from ._arguments import (
    ConfigArgument,
    DataRootOption,
    DebugOption,
    JsonOption,
    OptionsOption,
    TrustOption,
)
from ._settings import set_data_root

app = typer.Typer(help="Show and compare configs; their schema.", no_args_is_help=True)


@app.command()
def show(
    config: ConfigArgument,
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Show where each value comes from.")
    ] = False,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a config merged with its bases."""
    cfg = _read(config, cfg_options, trust)
    if provenance:
        facts = [cfg.provenance(path) for path, _ in leaves(cfg)]
        _print(_to_json([each.to_dict() for each in facts]) if as_json else facts)
    else:
        _print(_to_json(cfg.to_dict()) if as_json else cfg.pretty_text)


@app.command()
def diff(
    first: ConfigArgument,
    second: ConfigArgument,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the differences of two configs, and where each value comes from."""
    found = list(changes(_read(first, None, trust), _read(second, None, trust)))
    _print(_to_json([each.to_dict() for each in found]) if as_json else found)


def lint(
    config: ConfigArgument,
    cfg_options: OptionsOption = None,
    data_root: DataRootOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a config without building anything; the exit status is 1 if there are findings."""
    from engine.lint import check  # deferred: other commands don't need it

    cfg = _read(config, cfg_options, trust)
    if data_root is not None:
        set_data_root(cfg, data_root)
    report = check(cfg)
    typer.echo(_to_json(report.to_dict()) if as_json else str(report))
    if report:
        raise typer.Exit(1)


@app.command()
def schema(
    scope: Annotated[str | None, typer.Option(help="The library whose names to offer.")] = None,
    as_json: JsonOption = True,
    debug: DebugOption = False,
) -> None:
    """Print the JSON Schema of configs, for completion and checks in an editor."""
    from engine.lint import schema as make_schema  # deferred: other commands don't need it

    typer.echo(_to_json(make_schema(scope)))


def refuse_errors(*configs: Config) -> None:
    """Check configs before they are run.

    Raises:
        ConfigError: If there are errors.
    """
    from engine.lint import check  # deferred: it is not needed with --no-lint

    found = [finding for cfg in configs for finding in check(cfg)]
    texts = {str(each): each.severity for each in found}  # what several share is told once
    for text in (text for text, severity in texts.items() if severity == "warning"):
        typer.echo(f"Warning: {text}", err=True)
    _refuse([text for text, severity in texts.items() if severity == "error"])


def refuse_unused(cfg: Config, keys: Collection[str]) -> None:
    """Check that there is a use of some keys.

    Raises:
        ConfigError: If nothing reads one.
    """
    from engine.lint import check  # deferred, as above

    _refuse([str(each) for each in check(cfg) if each.kind == "unused-key" and each.path in keys])


def _refuse(errors: Sequence[str]) -> None:
    if errors:
        lines = "\n  ".join(errors)
        raise ConfigError(f"the config has errors; --no-lint skips the check\n  {lines}")


def _read(config: str, options: list[str] | None, trust: bool) -> Config:
    cfg = Config.fromfile(config, trust=trust)
    cfg.merge_from_dict(parse_options(options or []))
    return cfg


def _to_json(value: Any) -> str:
    return json.dumps(_to_plain_data(value), indent=2)


def _to_plain_data(value: Any) -> Any:
    """Return data that JSON can hold: other values become their `repr`, keys their `str`."""
    if isinstance(value, dict):
        return {str(key): _to_plain_data(each) for key, each in dict.items(value)}
    if isinstance(value, (list, tuple)):
        return [_to_plain_data(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    return value if isinstance(value, (str, int, type(None))) else repr(value)


def _print(output: str | list[Any]) -> None:
    text = output if isinstance(output, str) else "\n".join(map(str, output))
    typer.echo(text.rstrip("\n"))
