"""A search by Optuna."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.runner import Monitor
from engine.runner.sweep import OptunaTrials, Outcome, Sweep, SweepRun, parse_space

from .quick_run import log_scores

ACC = Monitor("acc")


def _sweep(folder: Path, *options: str, seeds: int | None = None) -> Sweep:
    return Sweep("x.py", parse_space(options or ["lr=1e-4..0.1:log", "name=a,b"]), folder, seeds)


def _end(
    source: OptunaTrials, sweep: Sweep, run: SweepRun, scores: Sequence[float], **facts: Any
) -> None:
    log_scores(sweep.folder(run), [*scores])
    source.done(run, Outcome(**{"status": "finished", **facts}))


def _next(source: OptunaTrials) -> SweepRun:
    run = source.next()
    assert run is not None
    return run


def test_a_trial_worse_than_the_median_is_stopped(tmp_path: Path) -> None:
    sweep = _sweep(tmp_path)
    source = OptunaTrials(sweep, 7, ACC)
    for _ in range(5):
        _end(source, sweep, _next(source), [0.6, 0.8])
    good, poor = _next(source), _next(source)
    log_scores(sweep.folder(good), [0.7])
    log_scores(sweep.folder(poor), [0.5])
    assert not source.is_hopeless(good)
    assert source.is_hopeless(poor)
    assert not OptunaTrials(sweep, 7, ACC, prunes=False).is_hopeless(poor)
    source.done(poor, Outcome("pruned"))
    source.done(good, Outcome("failed"))
    assert source.next() is None
    assert OptunaTrials(sweep, 7, ACC).next() is None  # they are all there
    assert OptunaTrials(sweep, 8, ACC).next() is not None


def test_trials_that_were_interrupted_go_on(tmp_path: Path) -> None:
    sweep = _sweep(tmp_path, seeds=2)
    first = OptunaTrials(sweep, 2, ACC)
    run, other = _next(first), _next(first)
    assert run.name.startswith("trial-000,lr=")
    assert run.name.endswith(",seed=0")
    again = OptunaTrials(sweep, 2, ACC)
    assert [_next(again), _next(again)] == [run, other]
    assert again.next() is None  # before one of them is done
    _end(again, sweep, run, [0.5])
    second = _next(again)
    assert (second.setting, second.seed) == (run.setting, 1)
    assert not again.is_hopeless(second)


def test_the_score_is_the_mean_over_the_seeds(tmp_path: Path) -> None:
    sweep = _sweep(tmp_path, seeds=2)
    source = OptunaTrials(sweep, 1, ACC)
    _end(source, sweep, _next(source), [0.5, 0.7, 0.6])
    _end(source, sweep, _next(source), [0.9])
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    storage = JournalStorage(JournalFileBackend(str(tmp_path / "optuna.journal")))
    study = optuna.load_study(study_name="sweep", storage=storage)
    assert study.best_value == pytest.approx(0.8)
    assert source.next() is None


def test_a_run_without_scores_is_a_failed_trial(tmp_path: Path) -> None:
    sweep = _sweep(tmp_path)
    source = OptunaTrials(sweep, 1, ACC)
    source.done(_next(source), Outcome("finished"))
    assert OptunaTrials(sweep, 1, ACC).next() is None


def test_a_folder_holds_one_search(tmp_path: Path) -> None:
    OptunaTrials(_sweep(tmp_path), 1, ACC)
    with pytest.raises(ValueError, match="holds a search of other values; give this one another"):
        OptunaTrials(_sweep(tmp_path, "lr=0.1,0.2"), 1, ACC)


def test_a_users_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = _sweep(tmp_path)
    with pytest.raises(ValueError, match="a search needs a score: save_best of the Checkpoint"):
        OptunaTrials(sweep, 1, Monitor())
    with pytest.raises(ValueError, match="does not tell whether more is better"):
        OptunaTrials(sweep, 1, Monitor("fitness"))
    with pytest.raises(ValueError, match="at least 1 trial; got 0"):
        OptunaTrials(sweep, 0, ACC)
    with pytest.raises(ValueError, match="needs values to try"):
        OptunaTrials(Sweep("x.py", {}, tmp_path, 2), 1, ACC)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'engine\[sweep\]'"):
        sweep.draw(1)
