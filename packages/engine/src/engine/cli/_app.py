"""The `engine` command, with `train`, `test` and the handling of errors."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from engine.compat import CompatError
from engine.config import Config, ConfigError
from engine.registry import RegistryError

from . import _checkpoint, _compat, _config, _env, _plot, _registry
from ._arguments import (
    CheckpointArgument,
    ConfigArgument,
    DataRootOption,
    DebugOption,
    DeviceOption,
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
    prepare_report,
    tell_of_report,
)
from ._settings import Settings, read_config

USER_ERROR = 2

# Options that take several words.
_REPEATED = ("--cfg-options", "--keys")

app = typer.Typer(
    name="engine",
    help="Train, test and use models from configs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(_compat.app, name="compat")
app.add_typer(_config.app, name="config")
app.add_typer(_registry.app, name="registry")
app.command()(_config.lint)
app.command()(_env.env)
app.command()(_checkpoint.export)
app.command()(_plot.plot)
app.command()(_checkpoint.predict)


@app.command()
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
    no_lint: Annotated[bool, typer.Option("--no-lint", help="Train without the check.")] = False,
    debug: DebugOption = False,
) -> None:
    """Check a config and train its model."""
    options = cfg_options or []
    cfg = read_config(
        config,
        Settings(work_dir, options, launcher, device, seed, data_root, resume, amp, trust),
    )
    if not no_lint:
        _config.refuse_errors(cfg)
    with _exit_after_signal():
        _build_runner(cfg).train()
    typer.echo(f"Results are in {cfg.work_dir}")


@app.command("test")
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
    trust: TrustOption = False,
    debug: DebugOption = False,
) -> None:
    """Test a trained model, print its metrics, and write a report."""
    cfg = read_config(
        config,
        Settings(work_dir, cfg_options or [], launcher, device, seed, data_root, trust=trust),
    )
    _check_files(cfg, checkpoint)
    runner = _build_runner(cfg)
    wanted = Exports(save_predictions, save_features, knn)
    hook = prepare_report(runner, report, wanted)
    runner.load_checkpoint(checkpoint, strict=True)
    with _exit_after_signal():
        metrics = runner.test()
    for name, value in metrics.items():
        typer.echo(f"{name}: {value}")
    tell_of_report(hook)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    The exit status is 0 after success or SIGTERM, 1 if a check has findings, 2 after an error of
    the user, 130 after Ctrl-C.

    Args:
        arguments: The words of the command line; None means those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words[:2] != ["compat", "run"]:  # whose words are those of a script
        words = _repeat_options(words)
    try:
        app(words)
    except _list_user_errors() as error:
        if "--debug" in words:
            raise
        message = "\n  ".join([str(error), *getattr(error, "__notes__", [])])
        typer.secho(f"Error: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(USER_ERROR)


def _build_runner(cfg: Config) -> Any:
    from engine.registry import RUNNERS  # deferred: --help needs no torch

    return RUNNERS.build(cfg)


def _check_files(cfg: Config, checkpoint: str) -> None:
    """Check that the files of a test exist, before anything is built."""
    from engine.checkpoint import check_exists  # deferred: --help needs no torch
    from engine.runner import missing_annotations

    check_exists(checkpoint)
    for key, message in missing_annotations(cfg, ["test_dataloader"]):
        raise FileNotFoundError(f"{key} ({cfg.provenance(key).site}): {message}")


@contextmanager
def _exit_after_signal() -> Iterator[None]:
    """Exit if a signal ended the run, which was saved."""
    from engine.runner import TrainingInterrupted

    try:
        yield
    except TrainingInterrupted as stop:
        raise typer.Exit(0 if stop.signum == signal.SIGTERM else 130) from None


def _repeat_options(words: list[str]) -> list[str]:
    """Repeat `--cfg-options` before each pair that follows it, and `--keys` before each name."""
    result: list[str] = []
    option = ""
    for word in words:
        if word in _REPEATED:
            option = word
        elif word.startswith("-") or (option == "--cfg-options" and "=" not in word):
            option = ""
        elif option and result[-1] != option:
            result.append(option)
        result.append(word)
    return result


def _list_user_errors() -> tuple[type[Exception], ...]:
    errors: list[type[Exception]]
    errors = [CompatError, ConfigError, RegistryError, ValueError, OSError]
    if "torch" in sys.modules:
        from engine.runner import CheckpointError

        errors.append(CheckpointError)
    return tuple(errors)
