"""`engine test` and its report, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.cli import main
from engine.config import Config
from engine.runner import Runner, save_checkpoint

FEW = (
    "test_dataloader.dataset.indices=30",
    "test_dataloader.batch_size=16",
    "train_dataloader.dataset.indices=40",
    "custom_hooks=[]",
    "log_level=ERROR",
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first weights of the shipped classifier."""
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    folder = tmp_path_factory.mktemp("run")
    cfg.merge_from_dict({"work_dir": str(folder), "log_level": "ERROR"})
    weights = Runner.from_cfg(cfg).model.state_dict()
    save_checkpoint({"state_dict": weights}, folder / "first.pth")
    return folder / "first.pth"


def run(checkpoint: Path, folder: Path, *words: object) -> int | str | None:
    config = ("mmalpha::resnet18_digits.py", checkpoint, "--work-dir", folder, "--device", "cpu")
    options = ("--cfg-options", *FEW)
    with pytest.raises(SystemExit) as end:
        main(["test", *map(str, (*config, *words, *options))])
    return end.value.code


def test_a_test_says_where_its_report_is(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "out" / name for name in ("predictions.csv", "features.npz")]
    words = ("--save-predictions", files[0], "--save-features", files[1], "--knn", 3)
    assert run(checkpoint, tmp_path, *words) == 0
    metric, *wrote, told = capsys.readouterr().out.splitlines()
    assert metric.startswith("accuracy/top1: ")
    assert wrote == [f"Wrote {file}" for file in files]
    page = Path(told.removeprefix("The report is "))
    assert page.is_relative_to(tmp_path)
    assert {path.name for path in page.parent.iterdir()} == {
        "report.html",
        "report.json",
        "per_class.csv",
        "confusion.csv",
        "confused_pairs.csv",
        "reliability.csv",
    }
    values = json.loads((page.parent / "report.json").read_text())["values"]
    assert f"accuracy/top1: {values['accuracy/top1']}" == metric
    assert 0 <= values["knn_accuracy"] <= 1
    assert len(files[0].read_text().splitlines()) == 31


def test_no_report_writes_nothing(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(checkpoint, tmp_path, "--no-report") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert not [*tmp_path.rglob("report*")]


def test_mistakes(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(checkpoint, tmp_path, "--save-features", "a.pkl") == 2
    assert "save_features is a file .npz or .safetensors; got '" in capsys.readouterr().err
    assert run(checkpoint, tmp_path, "--no-report", "--knn", 3) == 2
    assert "knn is a value of the report" in capsys.readouterr().err


def test_without_matplotlib_there_is_a_report_only_where_it_is_asked_for(
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(checkpoint, tmp_path) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(checkpoint, tmp_path, "--report") == 2
    assert 'drawing needs matplotlib: pip install "engine[vis]"' in capsys.readouterr().err
