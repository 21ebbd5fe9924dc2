"""`engine summary`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main

DIGITS = "mmalpha::resnet18_digits.py"


def _run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["summary", *words])
    assert caught.value.code == status
    return capsys.readouterr()


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(_run(capsys, *words, "--json")[0])


def test_the_input_is_a_sample_of_the_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = _json(capsys, DIGITS, "--depth", "1")
    assert found["inputs"] == [[1, 1, 8, 8]]
    assert [each["name"] for each in found["modules"]] == ["", "backbone", "neck", "head"]
    assert found["modules"][-1]["outputs"] == [[1, 10]]
    assert not [*tmp_path.iterdir()]  # it is no run


def test_a_shape_takes_the_place_of_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = _run(capsys, DIGITS, "--shape", "1,16,16", "--depth", "1")
    assert not err
    assert out.splitlines()[0].split()[0] == "module"
    assert "1×256×4×4" in out
    assert out.endswith("input 1×1×16×16, 2,797,034 parameters\n")


def test_without_data_the_input_is_a_photo(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.py"
    config.write_text("model = dict(type='timm.resnet10t', num_classes=2, pretrained=True)")
    out, err = _run(capsys, str(config), "--depth", "0")
    assert err == "No sample of the data (the config has no data): the input is 3×224×224\n"
    assert "input 1×3×224×224" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([DIGITS, "--shape", "3x8"], "--shape must be whole numbers such as 3,224,224; got '3x8'"),
        ([DIGITS, "--shape", "3,8,8"], "the model can't take an input of 3×8×8; --shape says"),
        (["CONFIG"], "the config has no model"),
    ],
)
def test_a_users_mistake(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], message: str
) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text("work_dir = 'x'")
    words = [str(empty) if word == "CONFIG" else word for word in words]
    assert message in _run(capsys, *words, status=2)[1]


def test_a_sample_that_the_model_can_not_take(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "unstacked.py"
    preprocessor = "dict(_delete_=True, type='BaseDataPreprocessor')"
    config.write_text(f"_base_ = '{DIGITS}'\nmodel = dict(data_preprocessor={preprocessor})")
    err = _run(capsys, str(config), status=2)[1]
    assert "the model can't take a list as input; --shape says another" in err
