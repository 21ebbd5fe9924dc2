"""`engine export`: weights in a file of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.checkpoint import read_checkpoint, save_checkpoint
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
