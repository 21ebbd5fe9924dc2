"""`engine train`: check a config and train its model."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from engine import __version__
from engine.config import Config
from engine.registry import RUNNERS
from engine.runner.sweep import noting_outcome

from . import _config
from ._arguments import (
    ConfigArgument,
    DataRootOption,
    DebugOption,
    DeviceOption,
    LauncherOption,
    NoLintOption,
    OptionsOption,
    SeedOption,
    TrustOption,
    WorkDirOption,
)
from ._run_end import end_processes, exit_after_signal
from ._settings import Settings, read_config
from ._table import print_table


def train(
    config: ConfigArgument,
    work_dir: WorkDirOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the newest checkpoint in the work dir.")
    ] = False,
    amp: Annotated[bool, typer.Option("--amp", help="Train in mixed precision.")] = False,
    cfg_options: OptionsOption = None,
    launcher: LauncherOption = "none",
    device: DeviceOption = None,
    seed: SeedOption = None,
    data_root: DataRootOption = None,
    trust: TrustOption = False,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Cross-validate with so many folds of the data.")
    ] = None,
    no_lint: NoLintOption = False,
    outcome: Annotated[bool, typer.Option("--outcome", hidden=True)] = False,
    debug: DebugOption = False,
) -> None:
    """Check a config and train its model."""
    _announce(config)
    options = cfg_options or []
    noted = work_dir if outcome and os.environ.get("RANK", "0") == "0" else None
    with exit_after_signal(), noting_outcome(noted):
        cfg = read_config(
            config,
            Settings(work_dir, options, launcher, device, seed, data_root, resume, amp, trust),
        )
        if not no_lint:
            _config.refuse_errors(cfg)
        if folds is None:
            RUNNERS.build(cfg).train()
        else:
            _cross_validate(cfg, folds, resume)
    from engine.dist import is_main_process  # deferred: --help needs no torch

    if is_main_process():
        typer.echo(f"Results are in {cfg.work_dir}")
    end_processes()


def _announce(config: str) -> None:
    """Say at once what happens, where torch is yet to be imported, which takes a while."""
    if "torch" not in sys.modules and os.environ.get("RANK", "0") == "0":
        typer.echo(f"engine {__version__} trains {config}", err=True)


def _cross_validate(cfg: Config, folds: int, resume: bool) -> None:
    """Train and validate each fold, and print the scores."""
    from engine.dist import is_main_process  # deferred: --help needs no torch
    from engine.runner import cross_validate

    scores = cross_validate(cfg, folds, resume=resume)
    mean, std = scores.mean, scores.std
    columns = ["score", *(f"fold {number}" for number in range(folds)), "mean", "deviation"]
    rows = [
        [
            name,
            *(f"{fold[name]:.4f}" for fold in scores.folds),
            f"{mean[name]:.4f}",
            f"{std[name]:.4f}",
        ]
        for name in mean
    ]
    if is_main_process():
        print_table(columns, rows)
