"""Comparison of runs: their scores, in groups that differ in the seed only."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from engine.config import Change, Config, ConfigError, changes
from engine.evaluator import get_metric_value
from engine.hooks import checked_rule, rule_of
from engine.utils import improvement, shortest_ends, without_nan
from engine.visualization import find_runs, read_curves

PathLike = str | os.PathLike[str]

_SHOWN = 6  # columns of differences
_NO_VALUE = "-"

# What tells the runs of a group apart, and is no difference of their settings.
_OWN = ("work_dir", "randomness.seed", "experiment_name", "resume")


class Monitor(NamedTuple):
    """The score by which runs are compared.

    Attributes:
        metric: The metric of a validation; None means the first one.
        rule: Whether `'greater'` or `'less'` is better; None means that the name tells.
    """

    metric: str | None = None
    rule: str | None = None

    def rule_for(self, name: str) -> str:
        """Return the rule for a metric of this name.

        Raises:
            ValueError: If the rule is unknown, or needed and not given.
        """
        return rule_of(name, "monitor") if self.rule is None else checked_rule(self.rule)


@dataclass(frozen=True)
class RunScore:
    """The score of a run.

    Attributes:
        name: As much of its path as tells it from the others.
        path: Its work directory.
        config: Its config, empty if it left none.
        score: The best value of the metric, a NaN if no validation gave one.
    """

    name: str
    path: Path
    config: Config
    score: float


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ in the seed only.

    Attributes:
        settings: What tells them from the other groups: values by dotted key.
        runs: The runs, the best first.
    """

    settings: Mapping[str, Any]
    runs: tuple[RunScore, ...]

    @property
    def scores(self) -> list[float]:
        """The scores that are numbers."""
        return [run.score for run in self.runs if not math.isnan(run.score)]

    @property
    def mean(self) -> float:
        """The mean of the scores."""
        return statistics.fmean(self.scores) if self.scores else math.nan

    @property
    def std(self) -> float:
        """The standard deviation of the scores, with their number less one."""
        scores = self.scores
        is_spread = len(scores) > 1 and all(map(math.isfinite, scores))
        return statistics.stdev(scores) if is_spread else math.nan


@dataclass(frozen=True)
class Comparison:
    """Runs and their scores; printed, it is a table.

    Attributes:
        metric: The metric of the scores; None if no run has one.
        rule: Whether `'greater'` or `'less'` is better.
        groups: The groups, the one with the best mean first.
    """

    metric: str | None
    rule: str
    groups: tuple[RunGroup, ...]

    @property
    def keys(self) -> list[str]:
        """The dotted keys whose values differ between groups."""
        return [*dict.fromkeys(key for group in self.groups for key in group.settings)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of the table."""
        keys = shortest_ends([key.split(".") for key in self.keys[:_SHOWN]], ".")
        return (*keys, "runs", "mean", "deviation", "best", "best run")

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each group, as texts for the `columns`."""
        for group in self.groups:
            best = group.runs[0]
            yield (
                *(_format_value(group.settings, key) for key in self.keys[:_SHOWN]),
                str(len(group.runs)),
                *map(_format_score, (group.mean, group.std, best.score)),
                best.name,
            )

    def describe(self) -> str:
        """Return what the scores are, in one line."""
        if self.metric is None:
            return "no run has been validated"
        told = f"{self.metric}, {'more' if self.rule == 'greater' else 'less'} is better"
        hidden = len(self.keys) - _SHOWN
        return told if hidden <= 0 else f"{told}; the configs differ in {hidden} more values"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it; a NaN becomes None."""
        groups = [
            {
                "settings": dict(group.settings),
                "mean": group.mean,
                "std": group.std,
                "best": group.runs[0].score,
                "runs": [
                    {"name": run.name, "path": str(run.path), "score": run.score}
                    for run in group.runs
                ],
            }
            for group in self.groups
        ]
        facts = {"metric": self.metric, "rule": self.rule, "groups": groups}
        plain: dict[str, Any] = without_nan(facts)
        return plain

    def __str__(self) -> str:
        lines = [self.columns, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*texts, self.describe()])


def compare_runs(
    paths: Iterable[PathLike], metric: str | None = None, rule: str | None = None
) -> Comparison:
    """Compare the scores of runs, each the best of its validations.

    Args:
        paths: Work directories, or folders of them such as that of a sweep.
        metric: The metric; None means that of `save_best` in the config, or else the first one.
        rule: Whether `'greater'` or `'less'` is better; None means that the name tells.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder holds no run; if no run has the metric; if it is not known whether
            more is better.
    """
    files = find_runs(run_folders(paths))
    metrics = {name: read_curves(each).metrics for name, each in files.items()}
    configs = {name: _config_of(each) for name, each in files.items()}
    name, known = _score_of(metrics.values(), configs.values(), Monitor(metric, rule))
    runs = [
        RunScore(
            run,
            _work_dir(files[run]),
            configs[run],
            best_of(metrics[run].get(name or "", {}), known),
        )
        for run in files
    ]
    groups = [
        RunGroup(settings, tuple(sorted(each, key=lambda run: _rank(run.score, known))))
        for settings, each in _group(runs)
    ]
    return Comparison(
        name, known, tuple(sorted(groups, key=lambda group: _rank(group.mean, known)))
    )


def run_folders(paths: Iterable[PathLike]) -> list[Path]:
    """Return the work directories in folders of runs, and those that are given themselves."""
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        inner = {file.parents[2] for file in path.glob("*/*/vis_data/scalars.json")}
        is_run = any(path.glob("*/vis_data/scalars.json"))
        found |= dict.fromkeys(sorted(inner) if inner and not is_run else [path])
    return [*found]


def monitor_of(cfg: Mapping[str, Any]) -> Monitor:
    """Return by which metric a config keeps the best checkpoint; none if it keeps no such."""
    hooks = cfg.get("default_hooks") or {}
    for hook in [*hooks.values(), *(cfg.get("custom_hooks") or ())]:
        best = hook.get("save_best") if isinstance(hook, Mapping) else None
        metric, rule = (
            each if isinstance(each, str) or not each else each[0]
            for each in (best, hook.get("rule") if best else None)
        )
        if metric and metric != "auto":
            return Monitor(metric, rule)
    return Monitor()


def _config_of(files: Sequence[Path]) -> Config:
    """Read the config of the newest start of a run, as data."""
    file = files[-1].with_name("config.py")
    if not file.exists():
        return Config()
    try:
        return Config.fromstring(file.read_text("utf-8"), ".py", run=False)
    except ConfigError as error:
        raise ConfigError(f"{file} is no config that a run left: {error}") from error


def _work_dir(files: Sequence[Path]) -> Path:
    file = files[-1]
    return file.parents[2] if file.parent.name == "vis_data" else file.parent


def _score_of(
    metrics: Iterable[Mapping[str, Any]], configs: Iterable[Mapping[str, Any]], asked: Monitor
) -> tuple[str | None, str]:
    """Return the whole name of the metric, None if no run has any, and its rule."""
    configured = next((each for each in map(monitor_of, configs) if each.metric), Monitor())
    monitor = configured if asked.metric is None else asked
    names = dict.fromkeys(name for each in metrics for name in each)
    if not names:
        return None, "greater"
    name = next(iter(names))
    if monitor.metric is not None:
        name = whole_name(monitor.metric, names)
    return name, Monitor(name, asked.rule or monitor.rule).rule_for(name)


def whole_name(metric: str, names: Iterable[str]) -> str:
    """Return the whole name of a metric, of which the part behind the last slash may be given.

    Raises:
        ValueError: If no metric is meant, or more than one.
    """
    whole: str = get_metric_value(metric, {each: each for each in names})
    return whole


def best_of(scores: Mapping[int, float], rule: str) -> float:
    """Return the best of the scores of a run, a NaN if there is no number among them.

    Args:
        scores: The scores by their steps.
        rule: Whether `'greater'` or `'less'` is better.
    """
    best = math.nan
    for score in scores.values():
        best = score if improvement(score, best, rule) > 0 else best
    return best


def _rank(score: float, rule: str) -> float:
    """Return a key that sorts scores, the best first and a NaN last."""
    if math.isnan(score):
        return math.inf
    return -score if rule == "greater" else score


def _group(runs: Sequence[RunScore]) -> Iterator[tuple[dict[str, Any], list[RunScore]]]:
    """Yield the runs that differ in nothing but the seed, and how they differ from the others."""
    first = next((run.config for run in runs if run.config), Config())
    differences = [
        {each.path: each for each in changes(first, run.config) if each.path not in _OWN}
        if run.config
        else {}
        for run in runs
    ]
    firsts = {key: _former(each[key]) for each in differences for key in each}
    groups: dict[str, tuple[dict[str, Any], list[RunScore]]] = {}
    for run, found in zip(runs, differences, strict=True):
        settings = {
            key: value
            for key in firsts
            for value in [_new(found[key]) if key in found else firsts[key]]
            if value is not _MISSING
        }
        identity = repr([*settings.items()]) if run.config else f"run {run.path}"
        groups.setdefault(identity, (settings, []))[1].append(run)
    yield from groups.values()


_MISSING = object()


def _former(change: Change) -> Any:
    return _MISSING if change.before is None else change.before.value


def _new(change: Change) -> Any:
    return _MISSING if change.after is None else change.after.value


def _format_value(settings: Mapping[str, Any], key: str) -> str:
    if key not in settings:
        return _NO_VALUE
    value = settings[key]
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else repr(value)


def _format_score(score: float) -> str:
    return _NO_VALUE if math.isnan(score) else f"{score:.4f}"
