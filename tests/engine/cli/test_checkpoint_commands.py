"""`engine export`: weights in a file of their own; `engine checkpoint`: show and merge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.checkpoint import FolderSave, read_checkpoint, save_checkpoint
from engine.cli import main


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_weights_are_exported(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {"state_dict": {"x": torch.ones(2)}, "optimizer": {}, "meta": {"iter": 5, "cfg": "a"}}
    save_checkpoint(state, tmp_path / "x.pth")
    with pytest.raises(SystemExit) as end:
        main(["export", str(tmp_path / "x.pth"), str(tmp_path / name)])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"Wrote {tmp_path / name}\n"
    content = read_checkpoint(tmp_path / name)
    assert content["meta"] == {"iter": 5}
    assert content["state_dict"]["x"].tolist() == [1.0, 1.0]


def test_what_is_no_checkpoint_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["export", str(tmp_path / "x.pth"), str(tmp_path / "y.pth")])
    assert end.value.code == 2
    assert f"Error: there is no checkpoint {tmp_path / 'x.pth'}" in capsys.readouterr().err


def _state() -> dict[str, Any]:
    meta = {"epoch": 2, "iter": 50, "engine_version": "0.1", "experiment_name": "digits"}
    return {
        "meta": {**meta, "world_size": 1},
        "state_dict": {"a": torch.ones(30, 40), "b": torch.ones(3)},
        "optimizer": {"state": {}, "param_groups": []},
    }


def _run(*words: object) -> object:
    with pytest.raises(SystemExit) as end:
        main(["checkpoint", *map(str, words)])
    return end.value.code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    FolderSave(_state(), {}, str(tmp_path / "epoch_2")).write()
    return tmp_path / "epoch_2"


def test_what_is_in_a_checkpoint_is_shown(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(_state(), tmp_path / "x.pth")
    for name in (folder, tmp_path / "x.pth"):
        assert _run("show", name) == 0
        lines = {tuple(line.split(maxsplit=1)) for line in capsys.readouterr().out.splitlines()}
        assert lines >= {
            ("position", "epoch 2, iter 50"),
            ("weights", "2 tensors, 1,203 values"),
            ("optimizer", "yes"),
            ("run", "digits"),
        }
        assert _run("show", name, "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["layout"] == "folder") == (name == folder) == ("files" in facts)
        assert {key: facts[key] for key in ("epoch", "iter", "weights", "values")} == {
            "epoch": 2,
            "iter": 50,
            "weights": 2,
            "values": 1203,
        }


def test_a_folder_is_merged(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("all.pth", "weights.safetensors"):
        assert _run("merge", folder, tmp_path / name) == 0
        assert capsys.readouterr().out == f"Wrote {tmp_path / name}\n"
        merged = read_checkpoint(tmp_path / name)
        assert ("optimizer" in merged) == (name == "all.pth")
        assert merged["state_dict"]["a"].shape == (30, 40)
    assert _run("merge", tmp_path / "all.pth", tmp_path / "again.pth") == 2
    assert f"Error: {tmp_path / 'all.pth'} is a file already" in capsys.readouterr().err


def test_what_is_no_checkpoint_is_not_shown(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "state.pth").unlink()
    for name, problem in (
        (tmp_path, f"there is no checkpoint {tmp_path}, and this folder has no manifest.json"),
        (tmp_path / "x", f"there is no checkpoint {tmp_path / 'x'}"),
        (folder, f"{folder} can't be read: state.pth in it is missing"),
    ):
        assert _run("show", name) == 2
        assert capsys.readouterr().err == f"Error: {problem}\n"
