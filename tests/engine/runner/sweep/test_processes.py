"""The processes of a sweep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.runner.sweep import (
    FixedRuns,
    Sweep,
    SweepOutcome,
    SweepRun,
    run_all,
    slurm_script,
    submit,
)

from .quick_sweep import QuickSweep


def _run(folder: Path, *what: str, parallel: int = 1) -> tuple[QuickSweep, SweepOutcome]:
    sweep = QuickSweep("x.py", {"do": what}, folder)
    return sweep, run_all(sweep, FixedRuns(sweep.grid()), parallel)


def _starts(folder: Path) -> dict[str, int]:
    files = folder.glob("*/starts")
    return {file.parent.name: len(file.read_text().splitlines()) for file in files}


def _statuses(outcome: SweepOutcome) -> dict[str, str]:
    return {run.name: each.status for run, each in outcome.runs.items()}


def test_a_run_that_fails_does_not_end_the_sweep(tmp_path: Path) -> None:
    _, outcome = _run(tmp_path, "fail", "crash", "ok", parallel=3)
    assert _statuses(outcome) == {"do=fail": "failed", "do=crash": "failed", "do=ok": "finished"}
    errors = {run.name: error for run, error in outcome.failed.items()}
    assert errors == {"do=fail": "ValueError: this is wrong", "do=crash": "killed by SIGKILL"}
    assert "and more" in (tmp_path / "do=fail" / "output.log").read_text()
    _, outcome = _run(tmp_path, "fail", "crash", "ok", parallel=3)
    assert _starts(tmp_path) == {"do=fail": 2, "do=crash": 2, "do=ok": 1}
    assert outcome.to_dict()["runs"]


def test_a_signal_is_passed_on_and_the_sweep_goes_on_later(tmp_path: Path) -> None:
    _, outcome = _run(tmp_path, "stop", "ok")
    assert outcome.signum == signal.SIGTERM
    assert _statuses(outcome) == {"do=stop": "interrupted"}
    _, outcome = _run(tmp_path, "stop", "ok")
    assert _statuses(outcome) == {"do=stop": "finished", "do=ok": "finished"}
    assert _starts(tmp_path) == {"do=stop": 2, "do=ok": 1}
    assert not outcome.signum


class _JudgedByScore(FixedRuns):
    """Runs of which one is hopeless that has logged a score of 0.1."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(sweep.grid())
        self._sweep = sweep

    def is_hopeless(self, run: SweepRun) -> bool:
        files = self._sweep.folder(run).glob("*/vis_data/scalars.json")
        return any('"acc": 0.1' in file.read_text() for file in files)


def test_a_run_that_is_worse_than_others_is_stopped_while_it_runs(tmp_path: Path) -> None:
    sweep = QuickSweep("x.py", {"do": ("poor", "ok")}, tmp_path)
    outcome = run_all(sweep, _JudgedByScore(sweep), parallel=2)
    assert _statuses(outcome) == {"do=poor": "pruned", "do=ok": "finished"}
    run_all(sweep, _JudgedByScore(sweep))
    assert _starts(tmp_path) == {"do=poor": 1, "do=ok": 1}


def test_a_run_that_outlives_its_sweep_is_not_started_twice(tmp_path: Path) -> None:
    script = Path(__file__).with_name("quick_sweep.py")
    killed = subprocess.run([sys.executable, script, tmp_path, "orphan"], check=False)
    assert killed.returncode == -signal.SIGKILL
    (tmp_path / "again").touch()
    _, outcome = _run(tmp_path, "orphan")
    assert _statuses(outcome) == {"do=orphan": "finished"}
    assert _starts(tmp_path) == {"do=orphan": 1}


def test_a_finished_run_with_other_options_is_not_taken(tmp_path: Path) -> None:
    _run(tmp_path, "ok")
    other = QuickSweep("y.py", {"do": ("ok",)}, tmp_path)
    with pytest.raises(ValueError, match="is a run with other options; give the sweep another"):
        run_all(other, FixedRuns(other.grid()))


def test_a_malformed_outcome_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "do=ok"
    folder.mkdir()
    for text in ("{", "[]", '{"status": "odd", "error": "", "words": []}'):
        (folder / "outcome.json").write_text(text)
        with pytest.raises(ValueError, match=r"outcome\.json does not tell how a run ended"):
            _run(tmp_path, "ok")


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with programs like those of slurm, and what they were given."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    programs = {
        "sbatch": 'echo "$@" >> $(dirname $0)/submitted; echo "123;cluster"',
        "squeue": "cat $(dirname $0)/queue 2> /dev/null",
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def test_an_array_of_slurm(tmp_path: Path, slurm: Path) -> None:
    sweep = QuickSweep("x.py", {"do": ("ok", "fail")}, tmp_path / "my sweep")
    assert submit(sweep, sweep.grid(), 2, ["--gres=gpu:1"]) == "123"
    script = tmp_path / "my sweep" / "sweep.sbatch"
    assert (slurm / "submitted").read_text() == f"--parsable --gres=gpu:1 {script}\n"
    assert "#SBATCH --array=0-1%2\n" in script.read_text()
    for task, status in (("0", 0), ("1", 1)):
        variables = {**os.environ, "SLURM_ARRAY_TASK_ID": task}
        done = subprocess.run(["bash", script], env=variables, check=False, capture_output=True)
        assert done.returncode == status
    (slurm / "queue").write_text("123_1 running\n")
    with pytest.raises(ValueError, match="job 123 of this sweep is not over"):
        submit(sweep, sweep.grid())
    (slurm / "queue").unlink()
    submit(sweep, sweep.grid())
    assert "--array=0-0\n" in script.read_text()  # the one that failed
    facts = json.loads((tmp_path / "my sweep" / "do=ok" / "outcome.json").read_text())
    assert facts["status"] == "finished"
    finished = QuickSweep("x.py", {"do": ("ok",)}, tmp_path / "my sweep")
    assert submit(finished, finished.grid()) == ""


def test_a_task_is_the_command_of_its_run(tmp_path: Path) -> None:
    sweep = Sweep("x.py", {"lr": (0.1,)}, tmp_path, 1)
    script = slurm_script(sweep, sweep.grid())
    assert f"train x.py --work-dir {tmp_path}/lr=0.1,seed=0 --resume --seed 0" in script


def test_without_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sweep = QuickSweep("x.py", {"do": ("ok",)}, tmp_path)
    with pytest.raises(ValueError, match="there is no sbatch here"):
        submit(sweep, sweep.grid())
