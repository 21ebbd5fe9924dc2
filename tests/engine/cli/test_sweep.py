"""`engine sweep`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main
from engine.runner.sweep import Outcome, Sweep, parse_space

DIGITS = "mmalpha::resnet18_digits.py"
LR = "optim_wrapper.optimizer.lr"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["sweep", *words])
    assert caught.value.code == status
    return capsys.readouterr()


def _leave_finished(sweep: Sweep, score: float) -> None:
    """Leave what finished runs leave."""
    for run in sweep.grid():
        folder = sweep.folder(run)
        numbers = folder / "20260101_000000" / "vis_data"
        numbers.mkdir(parents=True)
        (numbers / "scalars.json").write_text(json.dumps({"acc": score, "step": 1}))
        Outcome("finished", words=tuple(sweep.words(run))).write(folder)


def test_a_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = [DIGITS, "--set", f"{LR}=1e-2,1e-3", "model.head.loss.label_smoothing=0,0.1"]
    out, _ = _run(capsys, *words, "--seeds", "2", "--dry-run")
    lines = out.splitlines()
    assert lines[0] == "8 runs: 4 settings × 2 seeds, in work_dirs/resnet18_digits_sweep"
    assert lines[1] == "  lr=0.01,label_smoothing=0,seed=0"
    out, _ = _run(capsys, DIGITS, "--set", f"{LR}=1e-4..1e-1:log", "--trials=9", "--dry-run")
    assert out == "9 trials in work_dirs/resnet18_digits_sweep\n"
    assert not [*tmp_path.iterdir()]


def test_a_plan_for_slurm(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _run(
        capsys, DIGITS, "--set", f"{LR}=1e-2,1e-3", "--dry-run", "--slurm", "--parallel=1"
    )
    assert "#SBATCH --array=0-1%1\n" in out
    assert f"--cfg-options {LR}=0.001 --outcome ;;" in out


def test_what_is_finished_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    sweep = Sweep(DIGITS, parse_space([f"{LR}=1e-2,1e-3"]), Path("sweep"))
    _leave_finished(sweep, 0.5)
    words = [DIGITS, "--set", f"{LR}=1e-2,1e-3", "--work-dir", "sweep"]
    out, err = _run(capsys, *words)
    assert err.splitlines() == [
        "[1/2] lr=0.01: acc 0.5000, finished before",
        "[2/2] lr=0.001: acc 0.5000, finished before",
    ]
    assert out.endswith("acc, more is better\n")
    found = json.loads(_run(capsys, *words, "--json")[0])
    assert [each["status"] for each in found["runs"]] == ["finished", "finished"]
    assert found["comparison"]["metric"] == "acc"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "a sweep needs values to try (--set), or several seeds (--seeds)"),
        (["--set", f"{LR}=1,2", "optim_wrapper.optimizer.lrr=3"], "AdamW has no argument 'lrr'"),
        (["--set", "lr=1,2"], "lr (--set): nothing reads this key"),
        (["--set", "train_cfg.max_epochs=slow"], "train_cfg.max_epochs (--set)"),
        (["--set", f"{LR}=1..2"], "is a range, of which no grid can be made"),
        (["--set", f"{LR}=1,2", "--random=3"], "3 settings can't be drawn: there are 2"),
        (["--set", f"{LR}=1,2", "--random=1", "--trials=1"], "exclude each other"),
        (["--set", f"{LR}=1,2", "--trials=1", "--slurm"], "use --random"),
        (["--set", "train_dataloader=1,2", "--trials=1"], "train_dataloader (--set)"),
        (["--set", f"{LR}=1,2", "--monitor=fitness", "--trials=1"], "whether more is better"),
    ],
)
def test_a_users_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    _, err = _run(capsys, DIGITS, *words, status=2)
    assert message in err
    assert "Traceback" not in err
    assert not [*Path("work_dirs").glob("*/*/outcome.json")]
