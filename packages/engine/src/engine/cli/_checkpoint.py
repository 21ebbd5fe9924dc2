"""`engine export` and `engine predict`: commands on a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.config import Config, parse_options

from ._arguments import CheckpointArgument, DebugOption, DeviceOption, OptionsOption, TrustOption


def export(
    checkpoint: CheckpointArgument,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="The new file, *.safetensors or *.pth.", show_default=False
        ),
    ],
    debug: DebugOption = False,
) -> None:
    """Write the weights of a checkpoint, without the training state, to another file."""
    from engine.checkpoint import export_weights  # deferred: other commands don't need torch

    export_weights(checkpoint, out)
    typer.echo(f"Wrote {out}")


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
    from engine.infer import build_inferencer, config_of  # deferred: other commands need no torch
    from engine.visualization import write_image

    if (explain_layer or explain_class) and not explain:
        raise ValueError("--explain-layer and --explain-class go with --explain")
    if explain and out is None:
        raise ValueError("--explain makes images; --out says where to write them")

    files = _list_files(inputs)
    cfg = config_of(config, checkpoint, trust=trust)
    assert isinstance(cfg, Config)
    cfg.merge_from_dict(parse_options(cfg_options or []))
    inferencer = build_inferencer(checkpoint, cfg, device)
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
        files += [path for path in within if path.is_file() and not path.name.startswith(".")]
    return files


def _print_prediction(name: str | None, prediction: dict[str, Any]) -> None:
    if name is not None:
        typer.echo(name)
    for key, value in prediction.items():
        typer.echo(f"{'' if name is None else '  '}{key}: {value}")
