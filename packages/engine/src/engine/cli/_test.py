"""`engine test`: test a trained model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import Config
from engine.registry import RUNNERS

from ._arguments import (
    CheckpointArgument,
    ConfigArgument,
    DataRootOption,
    DebugOption,
    DeviceOption,
    JsonOption,
    LauncherOption,
    OptionsOption,
    SeedOption,
    TrustOption,
    WorkDirOption,
)
from ._report import (
    Exports,
    FeaturesOption,
    KnnOption,
    PredictionsOption,
    TableOption,
    outcome,
    prepare_report,
    print_tables,
    report_lines,
)
from ._run_end import end_processes, exit_after_signal
from ._settings import Settings, read_config

if TYPE_CHECKING:
    from engine.report import ReportHook


def run_test(
    config: ConfigArgument,
    checkpoint: CheckpointArgument,
    work_dir: WorkDirOption = None,
    cfg_options: OptionsOption = None,
    launcher: LauncherOption = "none",
    device: DeviceOption = None,
    seed: SeedOption = None,
    data_root: DataRootOption = None,
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report",
            help="Write a report: tables, calibration, the worst images.",
            show_default="if the task has one",
        ),
    ] = None,
    save_predictions: PredictionsOption = None,
    save_features: FeaturesOption = None,
    knn: KnnOption = None,
    table: TableOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Write the metrics to a file.", show_default=False),
    ] = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Test a trained model, print its metrics, and write a report."""
    from engine.dist import is_main_process  # deferred: --help needs no torch
    from engine.model import without_pretrained

    cfg = read_config(
        config,
        Settings(work_dir, cfg_options or [], launcher, device, seed, data_root, trust=trust),
    )
    _check_files(cfg, checkpoint)
    if "model" in cfg:
        cfg["model"] = without_pretrained(cfg["model"])
    runner = RUNNERS.build(cfg)
    wanted = Exports(save_predictions, save_features, knn)
    hook = prepare_report(runner, True if table else report, wanted)
    runner.load_checkpoint(checkpoint, strict=True)
    with exit_after_signal():
        metrics = runner.test()
    if is_main_process():
        _tell_outcome(metrics, hook, table or (), out, as_json)
    end_processes()


def _tell_outcome(
    metrics: Mapping[str, Any],
    hook: ReportHook | None,
    tables: Sequence[str],
    out: Path | None,
    as_json: bool,
) -> None:
    """Print and write what a test found."""
    data = json.dumps(outcome(metrics, hook), indent=2)
    if out is not None:
        from engine.fileio import put_text

        put_text(data + "\n", out)
    if as_json:
        typer.echo(data)
        return
    for name, value in metrics.items():
        typer.echo(f"{name}: {value}")
    print_tables(hook, tables)
    for line in report_lines(hook):
        typer.echo(line)
    if out is not None:
        typer.echo(f"Wrote {out}")


def _check_files(cfg: Config, checkpoint: str) -> None:
    """Check that the files of a test exist, before anything is built."""
    from engine.checkpoint import check_exists  # deferred: --help needs no torch
    from engine.runner import missing_annotations

    check_exists(checkpoint)
    for key, message in missing_annotations(cfg, ["test_dataloader"]):
        raise FileNotFoundError(f"{key} ({cfg.provenance(key).site}): {message}")
