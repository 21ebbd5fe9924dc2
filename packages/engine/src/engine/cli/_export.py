"""`engine export`: a trained model as ONNX, as a graph of torch, or as weights alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._arguments import (
    DebugOption,
    JsonOption,
    OptionsOption,
    ShapeOption,
    TrustOption,
    parse_shape,
)

if TYPE_CHECKING:
    from engine.infer import Export

_CONFIGS = (".py", ".yaml", ".yml", ".json", ".toml")


def export(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[CONFIG] CHECKPOINT [OUT]",
            help="A checkpoint, and where it goes. Its config is that in the checkpoint, unless "
            "one comes first.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The new file, *.onnx, *.pt2, *.safetensors or *.pth, or a folder for the Hub.",
            show_default="named as the checkpoint, with the suffix of the format",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="onnx|pt2|safetensors|pth|hub",
            help="A graph for onnxruntime or torch, weights alone, or a folder for the Hub.",
            show_default="the suffix of the new file",
        ),
    ] = None,
    shape: ShapeOption = None,
    any_size: Annotated[
        bool | None,
        typer.Option(
            "--any-size/--one-size",
            help="Whether a graph takes images of any height and width.",
            show_default="if the data differ in size",
        ),
    ] = None,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a trained model to a file for use elsewhere: ONNX, a graph of torch, or weights."""
    config, checkpoint, place = _files(words, out, kind)
    sides = parse_shape(shape)
    from engine.config import Config, parse_options  # deferred, as the next
    from engine.infer import config_of, export_model  # deferred: --help needs no torch

    cfg: Config | str | None = config
    if cfg_options:
        cfg = config_of(config, checkpoint, trust=trust)
        cfg.merge_from_dict(parse_options(cfg_options))
    try:
        done = export_model(
            checkpoint, place, cfg, format=kind, shape=sides, any_size=any_size, trust=trust
        )
    except ImportError as error:
        raise ValueError(str(error)) from error  # an error of the user, shown without traceback
    if as_json:
        typer.echo(json.dumps({**done._asdict(), "path": str(done.path)}, indent=2))
    else:
        _print(done)


def _files(words: list[str], out: Path | None, kind: str | None) -> tuple[str | None, str, Path]:
    """Return the config, if there is one, the checkpoint and the new file."""
    rest = [*words]
    is_config = Path(rest[0]).suffix in _CONFIGS
    config = rest.pop(0) if is_config else None
    if not rest:
        raise ValueError(f"engine export {config} lacks the checkpoint")
    checkpoint = rest.pop(0)
    if rest and out is None:
        out = Path(rest.pop(0))
    if rest:
        raise ValueError(
            f"engine export takes [CONFIG] CHECKPOINT [OUT]; {rest[0]} is one word too many"
        )
    if out is None and kind is None:
        raise ValueError("nothing says what to write: --out model.onnx, or --format onnx")
    place = _beside(checkpoint)
    made = place.with_name(f"{place.stem}-hub") if kind == "hub" else place.with_suffix(f".{kind}")
    return config, checkpoint, out or made


def _beside(checkpoint: str) -> Path:
    """Return the place of a checkpoint; what comes of one at a URL is written here."""
    return Path(checkpoint.rpartition("/")[2] if "://" in checkpoint else checkpoint)


def _print(done: Export) -> None:
    typer.echo(f"Wrote {done.path}")
    if done.checked_on is None:
        return
    meta = done.meta
    typer.echo(f"input {_told(meta['input']['name'], meta['input'])}")
    for name, facts in meta["outputs"].items():
        typer.echo(f"output {_told(name, facts)}: {facts['what']}")
    typer.echo(
        f"checked on {done.checked_on}, in several batches: outputs differ by at most "
        f"{done.difference:.1g}"
    )
    if done.note:
        typer.echo(f"note: {done.note}")


def _told(name: str, facts: dict[str, Any]) -> str:
    return f"{name} {'×'.join(map(str, facts['shape']))} {facts['dtype']}"
