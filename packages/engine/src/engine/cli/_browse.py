"""`engine browse`: look at the data of a config."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._arguments import (
    ConfigArgument,
    DataRootOption,
    DebugOption,
    JsonOption,
    OptionsOption,
    TrustOption,
)
from ._drawing import require_drawing
from ._settings import Settings, read_config
from ._table import print_table

if TYPE_CHECKING:
    from engine.report import DataFinding, DataScan, DataView

_MANY = 10_000  # samples, whose check takes a while


def browse(
    config: ConfigArgument,
    out: Annotated[
        Path, typer.Option(help="The page, *.png, or a folder for an image of each sample.")
    ] = Path("browse.png"),
    split: Annotated[str, typer.Option(metavar="train|val|test", help="What to show.")] = "train",
    count: Annotated[int, typer.Option(min=1, help="How many samples to show.")] = 16,
    seed: Annotated[
        int, typer.Option(min=0, help="Chooses the samples, and seeds random transforms.")
    ] = 0,
    stages: Annotated[
        bool,
        typer.Option("--stages", help="Show a row for each sample: its image after each step."),
    ] = False,
    most: Annotated[
        int | None,
        typer.Option(
            min=1, help="Check so many samples of each split.", show_default="all of them"
        ),
    ] = None,
    cfg_options: OptionsOption = None,
    data_root: DataRootOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the images that a model will be given, and what is wrong with the data.

    The exit status is 1 if there are findings.
    """
    from engine import report  # deferred: --help needs no torch

    require_drawing()
    if out.suffix not in ("", ".png") and not out.is_dir():
        raise ValueError(f"--out must be a file *.png, or a folder; got {out}")
    cfg = read_config(config, Settings(options=cfg_options or [], data_root=data_root, trust=trust))
    broken: list[DataFinding] = []

    def leave_out(name: str, error: Exception) -> None:
        if name == split:
            raise error
        where, text = f"{name}_dataloader.dataset", " ".join(str(error).split())
        broken.append(report.DataFinding("unusable", name, where, f"can't be built: {text}"))

    datasets = report.build_datasets(cfg, leave_out)
    _announce(datasets.values(), most)
    view = report.browse(datasets, split, count, seed, stages, most, _is_bgr(cfg))
    findings = [*broken, *view.findings]
    files = _write(view, out)
    if as_json:
        typer.echo(json.dumps(_as_data(view, findings, files), indent=2))
    else:
        _print_counts(view.scans)
        for line in [*findings, f"Wrote {out}"]:
            typer.echo(str(line).encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    if findings:
        raise typer.Exit(1)


def _announce(datasets: Iterable[Any], most: int | None) -> None:
    """Say that a check of many samples takes a while."""
    from engine.dataset import length_of  # deferred: --help needs no torch

    total = sum(length_of(each) or 0 for each in {id(each): each for each in datasets}.values())
    if most is None and total > _MANY:
        typer.echo(f"Checks {total:,} samples; --most makes that fewer", err=True)


def _is_bgr(cfg: Mapping[str, Any]) -> bool:
    """Return whether images are read as BGR, since the model turns them."""
    model = cfg.get("model")
    own = model.get("data_preprocessor") if isinstance(model, Mapping) else None
    preprocessor = own or cfg.get("data_preprocessor")
    return isinstance(preprocessor, Mapping) and bool(preprocessor.get("bgr_to_rgb"))


def _write(view: DataView, out: Path) -> list[Path]:
    from engine.visualization import write_image  # deferred: --help needs no torch

    if out.suffix == ".png" and not out.is_dir():
        write_image(view.image, out)
        return [out]
    files = {out / f"{name}.png": pixels for name, pixels in view.draw_tiles().items()}
    for file, pixels in files.items():
        write_image(pixels, file)
    return [*files]


def _print_counts(scans: Sequence[DataScan]) -> None:
    """Print how often each class occurs in each split."""
    for scan in scans:
        seen = "" if scan.seen == scan.total else f"; the counts are of {scan.seen:,} of them"
        typer.echo(f"{scan.split}: {scan.total:,} samples{seen}")
    data = [scan.to_dict() for scan in scans]
    names = dict.fromkeys(name for each in data for name in [*each["classes"], *each["counts"]])
    columns = [f"{scan.split} ({scan.unit})" for scan in scans]
    rows = [[name, *(f"{each['counts'].get(name, 0):,}" for each in data)] for name in names]
    if rows:
        print_table(["class", *columns], rows)


def _as_data(
    view: DataView, findings: Sequence[DataFinding], files: Sequence[Path]
) -> dict[str, Any]:
    return {
        "files": [str(file) for file in files],
        "notes": [*view.notes],
        "splits": {
            split: scan.to_dict() for scan in view.scans for split in scan.split.split(", ")
        },
        "findings": [finding.to_dict() for finding in findings],
    }
