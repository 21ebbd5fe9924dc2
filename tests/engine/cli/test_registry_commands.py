"""`engine registry`: list, find, tree and explain."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.cli import main


def _printed(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["registry", *words])
    assert caught.value.code == status
    return capsys.readouterr().out


def _json(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    return json.loads(_printed(capsys, *words, "--json", status=status))


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _json(capsys, "list", "MODELS", "--scope", "mmalpha")
    [resnet] = [row for row in rows if row["name"] == "ResNet"]
    assert resnet["target"] == "mmalpha.models.backbones.resnet.ResNet"
    assert resnet["site"].startswith("mmalpha/models/backbones/resnet.py:")
    assert {row["scope"] for row in rows} == {"mmalpha"}
    assert "mmalpha.ResNet" in _printed(capsys, "list", "model", "--scope", "mmalpha")


def test_find(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _json(capsys, "find", "*linear*")
    assert {(row["registry"], row["scope"], row["name"]) for row in rows} >= {
        ("MODELS", "mmalpha", "LinearClsHead"),
        ("PARAM_SCHEDULERS", "engine", "LinearLR"),
    }


def test_find_a_part_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    names = {row["name"] for row in _json(capsys, "find", "lineAR")}
    assert {"LinearClsHead", "LinearLR", "LinearMomentum"} <= names
    rows = _json(capsys, "find", "mmalpha.Lin", "MODELS")
    assert [(row["scope"], row["name"]) for row in rows] == [("mmalpha", "LinearClsHead")]
    printed = _printed(capsys, "find", "linear").splitlines()
    told = [line.split()[0] for line in printed if not line.startswith(" ")]
    assert told == sorted({*told}, key=told.index)  # each registry once
    assert {"registry", "MODELS", "PARAM_SCHEDULERS"} <= {*told}


def test_nothing_found(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, "find", "LinearHed")
    assert printed.startswith("nothing is called 'LinearHed'; did you mean 'Linear")
    assert _printed(capsys, "find", "qqqq") == "nothing is called 'qqqq'\n"
    assert _json(capsys, "find", "qqqq") == []


def test_list_a_library_or_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _json(capsys, "list", "mmalpha")
    assert {row["scope"] for row in rows} == {"mmalpha"}
    assert {"MODELS", "DATASETS", "METRICS"} <= {row["registry"] for row in rows}
    rows = _json(capsys, "list", "torchmetrics")
    assert {(row["registry"], row["target"]) for row in rows} == {("METRICS", "torchmetrics")}


def test_a_library_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong, right in (("mmalfa", "mmalpha"), ("MODEL", "MODELS")):
        with pytest.raises(SystemExit) as caught:
            main(["registry", "list", wrong])
        assert caught.value.code == 2
        told = f"there is no registry or library {wrong!r}; did you mean {right!r}?"
        assert told in capsys.readouterr().err


def test_tree(capsys: pytest.CaptureFixture[str]) -> None:
    tree = _json(capsys, "tree", "METRICS")["METRICS"]
    assert tree["scope"] == "engine"
    assert {child["scope"] for child in tree["children"]} >= {"mmalpha", "mmbeta"}
    assert "├── mmalpha (" in _printed(capsys, "tree", "METRICS")


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    told = _json(capsys, "explain", "ResNet", "--scope", "mmalpha")
    assert told["found"]["node"] == "mmalpha::model"
    assert told["scope_source"] == "an override in this context"
    text = _printed(capsys, "explain", "ResNt", "--scope", "mmbeta", status=1)
    assert "did you mean 'mmalpha.ResNet'" in text
    told = _json(capsys, "explain", "SGD", "--registry", "OPTIMIZERS")
    assert told["found"]["target"].startswith("torch.optim")


def test_a_registry_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["registry", "tree", "MODEL"])
    assert caught.value.code == 2
    assert "there is no root registry 'MODEL'; there are DATASETS" in capsys.readouterr().err
