"""`engine config`: show, compare and check configs."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer

from engine.config import Config, ConfigError, changes, leaves, parse_options

from ._arguments import ConfigArgument, DebugOption, JsonOption, OptionsOption, TrustOption

app = typer.Typer(help="See, compare and check configs.", no_args_is_help=True)


@app.command()
def show(
    config: ConfigArgument,
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Tell where each value comes from.")
    ] = False,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a config with those of its bases."""
    cfg = _read(config, cfg_options, trust)
    if provenance:
        facts = [cfg.provenance(path) for path, _ in leaves(cfg)]
        _print(_json([each.to_dict() for each in facts]) if as_json else facts)
    else:
        _print(_json(cfg.to_dict()) if as_json else cfg.pretty_text)


@app.command()
def diff(
    first: ConfigArgument,
    second: ConfigArgument,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show in what two configs differ, and where each value comes from."""
    found = list(changes(_read(first, None, trust), _read(second, None, trust)))
    _print(_json([each.to_dict() for each in found]) if as_json else found)


@app.command()
def lint(
    config: ConfigArgument,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a config without building anything; the exit status is 1 if something is found."""
    from engine.lint import check  # deferred: other commands don't need it

    report = check(_read(config, cfg_options, trust))
    typer.echo(_json(report.to_dict()) if as_json else str(report))
    if report:
        raise typer.Exit(1)


@app.command()
def schema(
    scope: Annotated[str | None, typer.Option(help="The library whose names to offer.")] = None,
    as_json: JsonOption = True,
    debug: DebugOption = False,
) -> None:
    """Print the JSON Schema of configs, with which an editor completes and checks them."""
    from engine.lint import schema as schema_of  # deferred: other commands don't need it

    typer.echo(_json(schema_of(scope)))


def refuse_errors(cfg: Config) -> None:
    """Check a config before it is run.

    Raises:
        ConfigError: If there are errors.
    """
    from engine.lint import check  # deferred: it is not needed with --no-lint

    report = check(cfg)
    for finding in report.warnings:
        typer.echo(f"Warning: {finding}", err=True)
    if report.errors:
        lines = "\n  ".join(map(str, report.errors))
        raise ConfigError(f"the config has errors; --no-lint trains all the same\n  {lines}")


def _read(config: str, options: list[str] | None, trust: bool) -> Config:
    cfg = Config.fromfile(config, trust=trust)
    cfg.merge_from_dict(parse_options(options or []))
    return cfg


def _json(value: Any) -> str:
    return json.dumps(_data(value), indent=2)


def _data(value: Any) -> Any:
    """Return what JSON can hold: a value that it can't becomes its `repr`, a key its text."""
    if isinstance(value, dict):
        return {str(key): _data(each) for key, each in dict.items(value)}
    if isinstance(value, (list, tuple)):
        return [_data(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    return value if isinstance(value, (str, int, type(None))) else repr(value)


def _print(told: str | list[Any]) -> None:
    text = told if isinstance(told, str) else "\n".join(map(str, told))
    typer.echo(text.rstrip("\n"))
