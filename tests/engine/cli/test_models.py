"""`engine models`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.cli import main
from engine.registry import MODELS, PackageSource


def _printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["models", *words])
    assert caught.value.code == 0
    return capsys.readouterr().out


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(_printed(capsys, *words, "--json"))


def test_models_of_all_sources_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    names = [each["name"] for each in _json(capsys, "RESNET")]
    assert {"mmalpha.ResNet", "timm.resnet18", "torchvision.resnet18"} <= {*names}
    assert all("resnet" in name.casefold() for name in names)
    assert "smp.Unet" in [each["name"] for each in _json(capsys, "unet")]


def test_every_name_can_be_built(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys)
    assert len(found) == len({each["name"] for each in found}) > 1000
    assert [each["name"] for each in found if MODELS.get(each["name"]) is None] == []


def test_a_pattern_with_wildcards_is_the_whole_name(capsys: pytest.CaptureFixture[str]) -> None:
    names = [each["name"] for each in _json(capsys, "resnet?[04]", "--source", "timm")]
    assert names == ["timm.resnet34", "timm.resnet50"]
    names = [each["name"] for each in _json(capsys, "*.resnet50")]
    assert names == ["timm.resnet50", "torchvision.resnet50"]


def test_pretrained_leaves_out_models_without_weights(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["seresnet?8", "--source", "timm"]
    assert [each["weights"] for each in _json(capsys, *words)] == [[]]
    assert _json(capsys, *words, "--pretrained") == []
    [found] = _json(capsys, "torchvision.resnet50", "--pretrained")
    assert found["weights"] == ["IMAGENET1K_V1", "IMAGENET1K_V2"]
    [found] = _json(capsys, "timm.resnet5?", "--pretrained")
    assert f"timm.resnet50.{found['weights'][0]}" in MODELS


def test_params_are_those_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    [found] = _json(capsys, "tim?.resnet18", "--params")
    assert (found["parameters"], found["flops"]) == (11689512, 1819065856)
    assert found["input"] == [3, 224, 224]
    [found] = _json(capsys, "smp.FPN", "--params")
    assert found["parameters"] is None
    assert "needs 'channels'" in found["error"]
    rows = [line.split() for line in _printed(capsys, "*.resnet18", "--params").splitlines()]
    assert rows[0] == ["name", "from", "parameters", "multiply-adds", "input", "weights"]
    assert ["torchvision.resnet18", "torchvision", "11.69M", "1.819G", "3×224×224"] in [
        row[:5] for row in rows
    ]


def test_nothing_found(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, "mobilnetv3_large_100", "--source", "timm")
    assert printed == "there is no such model; did you mean 'mobilenetv3_large_100'?\n"


def test_a_source_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["models", "--source", "tim"])
    assert caught.value.code == 2
    assert "there is no library 'tim'; did you mean 'timm'?" in capsys.readouterr().err


def test_a_package_that_is_not_installed_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = PackageSource("nobody_has_this", list, lambda name: object, "engine[nobody]")
    monkeypatch.setitem(MODELS._sources, "absent", absent)
    with pytest.raises(SystemExit):
        main(["models", "smp.FPN"])
    out, err = capsys.readouterr()
    assert "smp.FPN" in out
    assert err.startswith("absent is left out: nobody_has_this is not installed. Install it: pip")
