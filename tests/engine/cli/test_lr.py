"""`engine lr`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.cli import main

DIGITS = "mmalpha::resnet18_digits.py"
OPTIONS = ["--cfg-options", "model.backbone.base_channels=16", "model.head.in_channels=128"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["lr", *words])
    assert caught.value.code == status
    return capsys.readouterr()


def test_a_range_test_leaves_its_curve_only(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--max", "0.1", "--steps", "10", "--seed", "0", *OPTIONS]
    out, err = _run(capsys, DIGITS, *words)
    assert out.endswith("Wrote lr.png\n")
    assert not err
    assert [each.name for each in Path().iterdir()] == ["lr.png"]
    Path("lr.png").unlink()
    found = json.loads(_run(capsys, DIGITS, *words, "--json")[0])
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"]) == 10
    assert not [*Path().iterdir()]


def test_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _run(capsys, DIGITS, "--schedule", "--iters-per-epoch", "5", "--out", "new/s.png")
    assert out.splitlines()[0].split() == ["option", "first", "least", "most", "last"]
    assert out.endswith("Wrote new/s.png\n")
    assert [str(each) for each in Path().rglob("*.*")] == ["new/s.png"]
    words = ["--schedule", "--iters-per-epoch", "2", "--json"]
    values = json.loads(_run(capsys, DIGITS, *words, "--cfg-options", "train_cfg.max_epochs=3")[0])
    assert [*values] == ["lr"]
    assert len(values["lr"]) == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--min", "1", "--max", "0.1"], "0 < min < max must hold"),
        (["--schedule", "--cfg-options", "optim_wrapper=None"], "the config has no optim_wrapper"),
    ],
)
def test_a_users_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert message in _run(capsys, DIGITS, *words, status=2)[1]
    assert not [*Path().iterdir()]


def test_without_matplotlib_the_error_comes_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    _, err = _run(capsys, DIGITS, status=2)
    assert err == 'Error: drawing needs matplotlib: pip install "engine[vis]"\n'
