"""`engine compare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.image import imread

from engine import Config
from engine.cli import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs of a sweep in the current folder."""
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        folder = Path("sweep", f"seed={seed}", "20260101_000000", "vis_data")
        folder.mkdir(parents=True)
        lines = [
            {"loss": 1.0, "lr": 0.1, "iter": 1, "step": 1},
            {"acc": seed / 10, "step": 1},
        ]
        (folder / "scalars.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
        layers = ["[bold]", ":smile:"]  # which rich would not leave as they are
        cfg = Config({"model": {"layer": layers[seed % 2]}, "randomness": {"seed": seed}})
        cfg.dump(folder / "config.py")


def _shown(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as end:
        main(["compare", *words])
    assert end.value.code == status
    output = capsys.readouterr()
    return output.err if status else output.out


@pytest.mark.usefixtures("runs")
def test_a_table_and_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown(capsys, "sweep", "--out", "curves.png").splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["[bold]", "2", "0.1000", "0.1414", "0.2000", "seed=2"],
        [":smile:", "1", "0.1000", "-", "0.1000", "seed=1"],
        ["acc,", "more", "is", "better"],
        ["Wrote", "curves.png"],
    ]
    assert imread("curves.png").std() > 0.01


@pytest.mark.usefixtures("runs")
def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(_shown(capsys, "sweep", "--json", "--rule", "less"))
    assert [each["settings"] for each in found["groups"]] == [
        {"model.layer": "[bold]"},
        {"model.layer": ":smile:"},
    ]
    assert found["groups"][0]["best"] == 0


@pytest.mark.usefixtures("runs")
def test_a_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no file or folder sweeps" in _shown(capsys, "sweeps", status=2)
    assert "there is no metric 'top1'" in _shown(capsys, "sweep", "--monitor", "top1", status=2)
