"""Weights in the format of safetensors."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engine.checkpoint import CheckpointError, export_weights, read_checkpoint, save_checkpoint
from engine.model import PretrainedInit
from engine.runner import load_checkpoint


class Tied(nn.Module):
    """Two layers of one weight, and a buffer that is no contiguous tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.register_buffer("turned", torch.arange(6.0).reshape(2, 3).T)


def test_a_training_is_exported_and_loaded_again(tmp_path: Path) -> None:
    source, target = Tied(), Tied()
    state = {"state_dict": source.state_dict(), "optimizer": {}, "meta": {"iter": 3, "cfg": "x"}}
    save_checkpoint(state, tmp_path / "x.pth")
    file = tmp_path / "x.safetensors"
    export_weights(tmp_path / "x.pth", file)
    torch.testing.assert_close(load_file(file), dict(source.state_dict()), rtol=0, atol=0)
    content = load_checkpoint(target, file, strict=True)
    assert content.keys() == {"meta", "state_dict"}
    assert content["meta"] == {"iter": 3}
    for ours, theirs in zip(target.parameters(), source.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_file_of_others(tmp_path: Path) -> None:
    source, target = nn.Linear(2, 2), nn.Linear(2, 2)
    save_file(source.state_dict(), tmp_path / "x.safetensors")
    PretrainedInit(str(tmp_path / "x.safetensors"))(target)
    assert torch.equal(target.weight, source.weight)
    url = f"memory://{uuid4().hex}/x.safetensors"
    save_checkpoint(source.state_dict(), url)
    assert torch.equal(read_checkpoint(url)["state_dict"]["bias"], source.bias)


def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.safetensors"
    with pytest.raises(ValueError, match="holds weights alone; the checkpoint has optimizer too"):
        save_checkpoint({"state_dict": {}, "optimizer": {}}, file)
    with pytest.raises(ValueError, match="holds tensors alone, not lr"):
        save_checkpoint({"lr": 0.1}, file)
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*x\.safetensors"):
        read_checkpoint(file)
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(CheckpointError, match=r"x\.safetensors is not a checkpoint"):
        read_checkpoint(file)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(ImportError, match=r"pip install 'engine\[safetensors\]'"):
        read_checkpoint(file)
