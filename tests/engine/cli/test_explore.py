"""`engine registry explore`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main

DIGITS = "mmalpha::resnet18_digits.py"
QUICK = ("--registry", "HOOKS", "--no-sources", "--no-uses")


def _run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["registry", "explore", *words])
    assert caught.value.code == status
    return capsys.readouterr()


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out, err = _run(capsys, *QUICK)
    assert not err
    assert out.startswith("Wrote explorer.html: ")
    assert "names, 0." in out
    page = (tmp_path / "explorer.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "CheckpointHook" in page


def test_configs_with_options(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = [DIGITS, "--cfg-options", "model.backbone.depth=fifty", "work_dir=x", "--json"]
    data = json.loads(_run(capsys, *words, *QUICK)[0])
    [config] = data["configs"]
    assert (config["name"], config["errors"]) == (DIGITS, 1)
    values = {each["path"]: each for each in config["values"]}
    assert values["work_dir"]["site"] == "--cfg-options"
    assert {each["registry"] for each in data["names"]} == {"HOOKS"}
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "page.png"], "--out must be a file *.html; got page.png"),
        (["--out", "folder.html"], "--out must be a file *.html; got folder.html"),
        (["--registry", "HOOK"], "there is no root registry 'HOOK'; there are "),
        (["--cfg-options", "a=1"], "--cfg-options change configs, and none is given"),
        ([DIGITS.replace("18", "19")], "mmalpha ships no config 'resnet19_digits.py'; did you"),
        ([DIGITS, "--cfg-options", "model.backbone.depth.x=1"], "is 18, which has no keys"),
    ],
)
def test_a_users_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    Path("folder.html").mkdir()
    err = _run(capsys, *words, status=2)[1]
    assert err.startswith("Error: ")
    assert message in err
