"""`engine checkpoint` and `engine predict`: commands on a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.config import parse_options

from ._arguments import (
    CheckpointArgument,
    DebugOption,
    DeviceOption,
    JsonOption,
    OptionsOption,
    TrustOption,
)

app = typer.Typer(help="Show what is in a checkpoint; merge a folder.", no_args_is_help=True)


@app.command()
def show(
    checkpoint: CheckpointArgument, as_json: JsonOption = False, debug: DebugOption = False
) -> None:
    """Show what is in a checkpoint, a file or a folder."""
    from engine.checkpoint import describe_checkpoint  # deferred: other commands don't need torch

    facts = describe_checkpoint(checkpoint)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    size = facts["size"]
    lines = {
        "layout": facts["layout"] + ("" if size is None else f", {_in_bytes(size)}"),
        "position": _position(facts),
        "weights": f"{facts['weights']:,} tensors, {facts['values']:,} values",
        "optimizer": "yes" if facts["optimizer"] else "no",
        "average": "yes" if facts["average"] else None,
        "processes": facts["world_size"],
        "mesh": " x ".join(f"{size} {name}" for name, size in (facts["mesh"] or {}).items()),
        "written by": " and ".join(
            f"{name} {version}"
            for name in ("engine", "torch")
            if (version := facts[f"{name}_version"])
        ),
        "run": facts["experiment_name"],
        "keys": ", ".join(facts["keys"]),
    }
    for title, text in lines.items():
        if text not in (None, ""):
            typer.echo(f"{title:<11} {text}")
    files = facts.get("files", {})
    width = max(map(len, files), default=0)
    for name, bytes_of in files.items():
        typer.echo(f"  {name:<{width}}  {_in_bytes(bytes_of):>9}")


@app.command()
def merge(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A checkpoint folder.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The new file: *.pth for all, *.safetensors for the weights alone.",
            show_default=False,
        ),
    ],
    debug: DebugOption = False,
) -> None:
    """Make one file of a checkpoint folder."""
    from engine.checkpoint import merge_folder  # deferred, as above

    merge_folder(folder, out)
    typer.echo(f"Wrote {out}")


def _in_bytes(size: int) -> str:
    """Return a size with a unit that suits it."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _position(facts: dict[str, Any]) -> str | None:
    done = [f"{key} {facts[key]}" for key in ("epoch", "iter") if facts[key] is not None]
    return ", ".join(done) or None


def predict(
    checkpoint: CheckpointArgument,
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Files, for example images, or folders.", show_default=False
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(
            help="The config of the run, or package::file.", show_default="that in the checkpoint"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write an image: a file, or a folder for several inputs."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="The number of inputs in a batch.")] = 1,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Let the images of --out show what the predictions rest on (Grad-CAM).",
        ),
    ] = False,
    explain_layer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The layer whose feature map is used, e.g. backbone.layer4.",
            show_default="the last of the backbone",
        ),
    ] = None,
    explain_class: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The class.", show_default="the predicted one"),
    ] = None,
    cfg_options: OptionsOption = None,
    device: DeviceOption = None,
    trust: TrustOption = False,
    debug: DebugOption = False,
) -> None:
    """Predict with a trained model."""
    from engine.infer import (  # deferred: other commands need no torch
        build_inferencer,
        config_of,
        fetch_trained,
    )
    from engine.visualization import write_image

    if (explain_layer or explain_class) and not explain:
        raise ValueError("--explain-layer and --explain-class go with --explain")
    if explain and out is None:
        raise ValueError("--explain makes images; --out says where to write them")

    files = _list_files(inputs)
    trained = fetch_trained(checkpoint, trust=trust)
    cfg = config_of(config, trained, trust=trust)
    cfg.merge_from_dict(parse_options(cfg_options or []))
    inferencer = build_inferencer(trained, cfg, device)
    names = [str(file) for file in files]
    explained = _explain(inferencer, names, explain_layer, explain_class) if explain else None
    draws = out is not None and not explain
    result = inferencer(names, batch_size=batch_size, visualize=draws)
    for name, prediction in zip(names, result["predictions"], strict=True):
        _print_prediction(name if len(names) > 1 else None, prediction)
    images = result["visualization"] if explained is None else explained
    for file, image in zip(files, images, strict=out is not None):
        assert out is not None
        path = out / f"{file.stem}.png" if len(files) > 1 or out.is_dir() else out
        write_image(image, path)
        typer.echo(f"Wrote {path}")


def _explain(inferencer: Any, names: list[str], layer: str | None, target: str | None) -> Any:
    from engine.infer import explain  # deferred, as above

    try:
        return explain(inferencer, names, layer, target)
    except ImportError as error:
        raise ValueError(str(error)) from error  # an error of the user, shown without traceback


def _list_files(inputs: list[Path]) -> list[Path]:
    files: list[Path] = []
    for given in inputs:
        if not given.exists():
            raise FileNotFoundError(f"there is no input {given}")
        within = sorted(given.iterdir()) if given.is_dir() else [given]
        there = [path for path in within if path.is_file() and not path.name.startswith(".")]
        if not there:
            raise FileNotFoundError(f"there are no files in the folder {given}")
        files += there
    return files


def _print_prediction(name: str | None, prediction: dict[str, Any]) -> None:
    if name is not None:
        typer.echo(name)
    for key, value in prediction.items():
        typer.echo(f"{'' if name is None else '  '}{key}: {value}")
