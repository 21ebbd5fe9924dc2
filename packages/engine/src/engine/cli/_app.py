"""The `engine` command, with `train`, `test` and the handling of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from engine import __version__
from engine.compat import CompatError
from engine.config import Config, ConfigError
from engine.registry import RegistryError
from engine.runner.sweep import noting_outcome

from . import (
    _browse,
    _checkpoint,
    _compare,
    _compat,
    _config,
    _env,
    _lr,
    _models,
    _new,
    _plot,
    _registry,
    _summary,
    _sweep,
)
from ._arguments import (
    CheckpointArgument,
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
from ._report import (
    Exports,
    FeaturesOption,
    KnnOption,
    PredictionsOption,
    prepare_report,
    report_lines,
)
from ._settings import Settings, read_config
from ._signals import exit_after_signal
from ._table import print_table

USER_ERROR = 2

# Options that take several words.
_PAIRS = ("--cfg-options", "--set")
_REPEATED = (*_PAIRS, "--keys")

app = typer.Typer(
    name="engine",
    help="Train, test and use models from configs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(_checkpoint.app, name="checkpoint")
app.add_typer(_compat.app, name="compat")
app.add_typer(_config.app, name="config")
app.add_typer(_new.app, name="new")
app.add_typer(_registry.app, name="registry")
app.command()(_config.lint)
app.command()(_env.env)
app.command()(_browse.browse)
app.command()(_compare.compare)
app.command()(_checkpoint.export)
app.command()(_lr.lr)
app.command()(_models.models)
app.command()(_plot.plot)
app.command()(_summary.summary)
app.command()(_sweep.sweep)
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
            _build_runner(cfg).train()
        else:
            _cross_validate(cfg, folds, resume)
    _end_processes([f"Results are in {cfg.work_dir}"])


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
    from engine.model import without_pretrained  # deferred: --help needs no torch

    cfg = read_config(
        config,
        Settings(work_dir, cfg_options or [], launcher, device, seed, data_root, trust=trust),
    )
    _check_files(cfg, checkpoint)
    if "model" in cfg:
        cfg["model"] = without_pretrained(cfg["model"])
    runner = _build_runner(cfg)
    wanted = Exports(save_predictions, save_features, knn)
    hook = prepare_report(runner, report, wanted)
    runner.load_checkpoint(checkpoint, strict=True)
    with exit_after_signal():
        metrics = runner.test()
    scores = [f"{name}: {value}" for name, value in metrics.items()]
    _end_processes([*scores, *report_lines(hook)])


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
        _recorded(app)(words)
    except _list_user_errors() as error:
        if "--debug" in words:
            raise
        message = "\n  ".join([str(error), *getattr(error, "__notes__", [])])
        typer.secho(f"Error: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(USER_ERROR)


def _announce(config: str) -> None:
    """Say at once what happens, where torch is yet to be imported, which takes a while."""
    if "torch" not in sys.modules and os.environ.get("RANK", "0") == "0":
        typer.echo(f"engine {__version__} trains {config}", err=True)


def _build_runner(cfg: Config) -> Any:
    from engine.registry import RUNNERS  # deferred: --help needs no torch

    return RUNNERS.build(cfg)


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


def _recorded(run: Callable[[list[str]], Any]) -> Callable[[list[str]], Any]:
    """Return a function whose error torchrun shows in its summary, if torchrun is who calls it."""
    if "TORCHELASTIC_ERROR_FILE" not in os.environ:
        return run
    from torch.distributed.elastic.multiprocessing.errors import record  # deferred: imports torch

    return record(run)


def _end_processes(lines: Iterable[str]) -> None:
    """Leave the other processes of a run; one of all prints what there is to say."""
    from torch import distributed  # deferred: --help needs no torch

    from engine.dist import is_main_process

    if is_main_process():
        for line in lines:
            typer.echo(line)
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _check_files(cfg: Config, checkpoint: str) -> None:
    """Check that the files of a test exist, before anything is built."""
    from engine.checkpoint import check_exists  # deferred: --help needs no torch
    from engine.runner import missing_annotations

    check_exists(checkpoint)
    for key, message in missing_annotations(cfg, ["test_dataloader"]):
        raise FileNotFoundError(f"{key} ({cfg.provenance(key).site}): {message}")


def _repeat_options(words: list[str]) -> list[str]:
    """Repeat an option that takes several words before each pair or name that follows it."""
    result: list[str] = []
    option = ""
    for word in words:
        if word in _REPEATED:
            option = word
        elif word.startswith("-") or (option in _PAIRS and "=" not in word):
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
