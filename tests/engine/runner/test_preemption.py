"""Signals of a cluster: a run is saved, its job queued again, and the next start goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.dist import get_launch_id, get_restart_count
from engine.hooks import Hook
from engine.runner import Runner, TrainingInterrupted
from engine.testing import reset

CfgMaker = Callable[..., Config]


class SignalAt(Hook):
    """Sends this process a signal after an iteration."""

    def __init__(self, iteration: int, name: str) -> None:
        self.iteration, self.signum = iteration, signal.Signals[f"SIG{name}"]

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter == self.iteration:
            os.kill(os.getpid(), self.signum)


@pytest.fixture
def requeued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a `scontrol` notes how it is called, and which checkpoint is there by then."""
    notes, program = tmp_path / "notes", tmp_path / "bin" / "scontrol"
    program.parent.mkdir()
    latest = tmp_path / "run" / "last_checkpoint"
    program.write_text(f'#!/bin/sh\necho "$@" "$(cat {latest})" >> {notes}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    return notes


@pytest.mark.parametrize(
    ("name", "listed", "expected"),
    [
        ("USR1", ["USR1"], "requeue 17 interrupted_iter_7.pth\n"),
        ("TERM", ["TERM", "USR1"], "requeue 17 interrupted_iter_7.pth\n"),
        ("TERM", ["USR1"], None),
        ("INT", ["TERM", "USR1"], None),
    ],
)
def test_the_job_is_queued_again_once_the_run_is_saved(
    toy_cfg: CfgMaker, requeued: Path, name: str, listed: list[str], expected: str | None
) -> None:
    stop = {"signals": listed, "requeue": "slurm", "exit_status": 75}
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)]
    cfg = toy_cfg(custom_hooks=[SignalAt(6, name)], env_cfg={"stop": stop}, log_level="ERROR")
    with pytest.raises(TrainingInterrupted) as caught:
        Runner.from_cfg(cfg).train()
    assert caught.value.exit_status == (130 if name == "INT" else 75)
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)] == before
    assert (requeued.read_text() if requeued.exists() else None) == expected


def test_a_job_of_an_array(toy_cfg: CfgMaker, requeued: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    stop = {"signals": ["USR1"], "requeue": "slurm"}
    with pytest.raises(TrainingInterrupted):
        Runner.from_cfg(
            toy_cfg(custom_hooks=[SignalAt(6, "USR1")], env_cfg={"stop": stop}, log_level="ERROR")
        ).train()
    assert requeued.read_text().startswith("requeue 12_3 ")


def test_elsewhere_than_in_slurm(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    stop = {"signals": ["USR1"], "requeue": "slurm"}
    with pytest.raises(TrainingInterrupted):
        Runner.from_cfg(toy_cfg(custom_hooks=[SignalAt(6, "USR1")], env_cfg={"stop": stop})).train()
    assert "This is no job of slurm, so that nothing is queued again" in caplog.text


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        ({"signals": ["USR3"]}, r"stop\.signals .*: it is a list of signals, .* not \['USR3'\]"),
        ({"signals": "USR1"}, r"stop\.signals .*: it is a list of signals, .* not 'USR1'"),
        ({"requeue": "pbs"}, r"stop\.requeue .*: it is 'slurm' or None, not 'pbs'"),
        ({"signal": ["USR1"]}, r"stop\.signal .*: there is no such option; did you mean 'signals'"),
    ],
)
def test_wrong_settings(toy_cfg: CfgMaker, stop: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Runner.from_cfg(toy_cfg(env_cfg={"stop": stop}))


@pytest.mark.parametrize("again", [{"SLURM_RESTART_COUNT": "1"}, {}])
def test_a_job_that_was_queued_again_goes_on(
    toy_cfg: CfgMaker, requeued: Path, monkeypatch: pytest.MonkeyPatch, again: dict[str, str]
) -> None:
    expected = Runner.from_cfg(toy_cfg(work_dir=str(requeued.parent / "whole"))).train()
    stop = {"signals": ["USR1"], "requeue": "slurm"}
    with pytest.raises(TrainingInterrupted):
        Runner.from_cfg(
            toy_cfg(custom_hooks=[SignalAt(6, "USR1")], env_cfg={"stop": stop}, log_level="ERROR")
        ).train()
    reset()
    for name, value in again.items():
        monkeypatch.setenv(name, value)
    assert (get_restart_count(), get_launch_id()) == (len(again), "slurm 17")
    runner = Runner.from_cfg(toy_cfg())  # without resume
    trained = runner.train()
    reads = runner.train_dataloader.dataset.reads  # type: ignore[attr-defined]
    assert reads == (3 * 40 - 7 * 8 if again else 3 * 40)
    for name, each in expected.state_dict().items():
        torch.testing.assert_close(trained.state_dict()[name], each, rtol=0, atol=0)


def test_another_launch_does_not_go_on_by_itself(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "first")
    Runner.from_cfg(toy_cfg()).train()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "second")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    runner = Runner.from_cfg(toy_cfg())
    runner.train()
    assert runner.train_dataloader.dataset.reads == 3 * 40  # type: ignore[attr-defined]
