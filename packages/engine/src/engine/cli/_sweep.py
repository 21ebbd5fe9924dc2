"""`engine sweep`: one training for each setting and seed."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import Config, Options
from engine.runner.sweep import (
    FixedRuns,
    Outcome,
    RunSource,
    Sweep,
    SweepOutcome,
    SweepRun,
    parse_space,
    representatives,
    run_all,
    slurm_script,
    submit,
)

from ._arguments import (
    ConfigArgument,
    DataRootOption,
    DebugOption,
    DeviceOption,
    JsonOption,
    MonitorOption,
    NoLintOption,
    OptionsOption,
    RuleOption,
    TrustOption,
    WorkDirOption,
)
from ._config import refuse_errors, refuse_unused
from ._settings import Settings, read_config
from ._table import print_table

if TYPE_CHECKING:
    from engine.runner import Comparison

_SHOWN = 20  # runs of a plan
_SETTINGS = "Which settings"
_WHERE = "Where they run"


def sweep(
    config: ConfigArgument,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUES",
            help="Values to try: optim_wrapper.optimizer.lr=0.1,0.01, or a range 1e-4..0.1:log. "
            "Takes several pairs.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Train each setting with so many seeds.",
            show_default="that of the config",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--random",
            min=1,
            help="Draw so many settings at random.",
            show_default="all combinations",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Search with so many trials of Optuna.",
            show_default="all combinations",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    no_prune: Annotated[
        bool,
        typer.Option(
            "--no-prune",
            help="Let all trials run to their end.",
            rich_help_panel=_SETTINGS,
        ),
    ] = False,
    monitor: MonitorOption = None,
    rule: RuleOption = None,
    parallel: Annotated[
        int | None,
        typer.Option(min=1, help="How many run at once.", show_default="1", rich_help_panel=_WHERE),
    ] = None,
    slurm: Annotated[
        bool,
        typer.Option("--slurm", help="Submit an array of jobs.", rich_help_panel=_WHERE),
    ] = False,
    sbatch: Annotated[
        str | None,
        typer.Option(
            metavar="OPTIONS",
            help='Options of sbatch: "--gres=gpu:1 --time=4:00:00".',
            rich_help_panel=_WHERE,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be trained.")] = False,
    work_dir: WorkDirOption = None,
    cfg_options: OptionsOption = None,
    device: DeviceOption = None,
    data_root: DataRootOption = None,
    amp: Annotated[bool, typer.Option("--amp", help="Train in mixed precision.")] = False,
    no_lint: NoLintOption = False,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Train many settings, each with several seeds; the same command goes on after a stop."""
    if count is not None and trials is not None:
        raise ValueError("--random and --trials exclude each other")
    if slurm and trials is not None:
        raise ValueError(
            "--trials depend on each other, and the tasks of an array don't; use --random"
        )
    options = cfg_options or []
    settings = Settings(None, options, "none", device, None, data_root, False, amp, trust)
    cfg = read_config(config, settings)
    folder = work_dir or Path("work_dirs") / f"{Path(config.rpartition('::')[2]).stem}_sweep"
    plan = Sweep(config, parse_space(values or []), folder, seeds, _words(settings))
    runs = None
    if trials is None:
        runs = plan.grid() if count is None else plan.draw(count)
    if not no_lint:
        _check(config, settings, plan, runs)
    if dry_run or not as_json:
        _show(plan, runs, trials, err=as_json)
    if dry_run:
        if slurm and runs:
            typer.echo(slurm_script(plan, runs, parallel))
        return
    if slurm:
        assert runs is not None
        job = submit(plan, runs, parallel, shlex.split(sbatch or ""))
        typer.echo(f"Submitted job {job}" if job else "All runs are finished")
        return
    source: RunSource
    if trials is None:
        source = FixedRuns(runs or ())
        total = len(runs or ())
    else:
        from engine.runner.sweep import OptunaTrials  # deferred: --help needs no torch

        monitored = _monitor(cfg, monitor, rule)
        source = OptunaTrials(plan, trials, monitored, prunes=not no_prune)
        total = trials * (seeds or 1)
    outcome = run_all(plan, source, parallel or 1, _Progress(plan, total, monitor, rule).tell)
    _report(plan, outcome, monitor, rule, as_json)


def _words(settings: Settings) -> list[str]:
    """Return the words that the `engine train` of each run takes over."""
    return [
        *(["--device", settings.device] if settings.device else []),
        *(["--data-root", settings.data_root] if settings.data_root else []),
        *(["--amp"] if settings.amp else []),
        *(["--trust"] if settings.trust else []),
        *(word for option in settings.options for word in ("--cfg-options", option)),
    ]


def _check(config: str, settings: Settings, plan: Sweep, runs: Sequence[SweepRun] | None) -> None:
    """Check each setting as `engine lint` does; a key that nothing reads is an error, too."""
    found = representatives(plan.space) if runs is None else [run.setting for run in runs]
    different = {repr(each): each for each in found}.values()
    configs = []
    for setting in different:
        cfg = read_config(config, settings)
        cfg.merge_from_dict(Options(setting, "--set"))
        configs.append(cfg)
    # A value that is nowhere else in the config: by another one, a key may seem to be used.
    marked = read_config(config, settings)
    marked.merge_from_dict(Options(dict.fromkeys(plan.space, "a value of --set"), "--set"))
    tops = {key.partition(".")[0] for key in plan.space}
    refuse_unused(marked, tops)
    refuse_errors(*configs)


def _monitor(cfg: Config, metric: str | None, rule: str | None) -> Any:
    from engine.runner import Monitor, monitor_of  # deferred: --help needs no torch

    known = monitor_of(cfg)
    return Monitor(metric or known.metric, rule or (None if metric else known.rule))


def _show(plan: Sweep, runs: Sequence[SweepRun] | None, trials: int | None, err: bool) -> None:
    seeds = "" if plan.seeds is None else f" × {plan.seeds} seeds"
    if runs is None:
        typer.echo(f"{trials} trials{seeds} in {plan.work_dir}", err=err)
        return
    settings = len(runs) // (plan.seeds or 1)
    typer.echo(f"{len(runs)} runs: {settings} settings{seeds}, in {plan.work_dir}", err=err)
    for run in runs[:_SHOWN]:
        typer.echo(f"  {run.name}", err=err)
    if len(runs) > _SHOWN:
        typer.echo(f"  and {len(runs) - _SHOWN} more", err=err)


@dataclass
class _Progress:
    """Tells of each run that has ended."""

    plan: Sweep
    total: int
    metric: str | None
    rule: str | None
    number: int = 0

    def tell(self, run: SweepRun, outcome: Outcome, seconds: float) -> None:
        """Print a line."""
        self.number += 1
        place = f"[{self.number}/{self.total}] {run.name}: "
        if outcome.status == "failed":
            told = f"failed: {outcome.error}"
        elif outcome.status == "interrupted":
            told = "interrupted"
        else:
            found = _compare([self.plan.folder(run)], self.metric, self.rule)
            told = ", ".join(filter(None, [_score(found), *_words_of(outcome, seconds)]))
        typer.echo(place + told, err=True)


def _words_of(outcome: Outcome, seconds: float) -> Iterator[str]:
    if outcome.status == "pruned":
        yield "pruned"
    yield f"{timedelta(seconds=round(seconds))}" if seconds else "finished before"


def _compare(folders: Sequence[Path], metric: str | None, rule: str | None) -> Comparison | None:
    """Return a table of the runs that have logged anything."""
    from engine.runner import compare_runs  # deferred, as above

    known = [folder for folder in folders if any(folder.glob("*/vis_data/scalars.json"))]
    return compare_runs(known, metric, rule) if known else None


def _score(found: Comparison | None) -> str:
    if found is None or found.metric is None:
        return ""
    return f"{found.metric} {found.groups[0].runs[0].score:.4f}"


def _report(
    plan: Sweep, outcome: SweepOutcome, metric: str | None, rule: str | None, as_json: bool
) -> None:
    """Print the table and what failed, and end with the exit status."""
    found = _compare([plan.folder(run) for run in outcome.runs], metric, rule)
    if as_json:
        table = None if found is None else found.to_dict()
        typer.echo(json.dumps({**outcome.to_dict(), "comparison": table}, indent=2))
    elif found is not None:
        print_table(found.columns, found.rows())
        typer.echo(found.describe())
    for run, error in outcome.failed.items():
        typer.echo(f"Failed: {plan.folder(run)}: {error}", err=True)
    if outcome.signum:
        typer.echo("Stopped; the same command goes on", err=True)
        raise typer.Exit(130 if outcome.signum == signal.SIGINT else 0)
    if outcome.failed:
        raise typer.Exit(1)
