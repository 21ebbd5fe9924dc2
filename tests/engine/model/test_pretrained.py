"""Weights that begin where another training has ended."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem
from torch import nn

from engine.checkpoint import CheckpointError
from engine.model import BaseModule, PretrainedInit, initialize


def _net() -> nn.Module:
    return nn.ModuleDict({"backbone": nn.Linear(2, 3), "head": nn.Linear(3, 1)})


def _part(model: nn.Module, name: str) -> nn.Linear:
    part = model.get_submodule(name)
    assert isinstance(part, nn.Linear)
    return part


def _same(one: nn.Module, other: nn.Module) -> bool:
    state = other.state_dict()
    return all(torch.equal(value, state[key]) for key, value in one.state_dict().items())


@pytest.mark.parametrize("kind", ["Pretrained", "PretrainedInit"])
@pytest.mark.parametrize("form", ["plain", "checkpoint", "wrapped"])
def test_the_weights_of_a_file(tmp_path: Path, form: str, kind: str) -> None:
    source, model, file = _net(), _net(), tmp_path / "net.pth"
    state = source.state_dict()
    if form == "wrapped":
        state = {f"module.{key}": value for key, value in state.items()}
    torch.save(state if form == "plain" else {"state_dict": state, "meta": {}}, file)
    initialize(model, {"type": kind, "checkpoint": str(file)})
    assert _same(model, source)


@pytest.mark.parametrize("prefix", ["backbone", "backbone."])
def test_a_part_of_it(tmp_path: Path, prefix: str) -> None:
    source, file = _net(), tmp_path / "net.pth"
    torch.save(source.state_dict(), file)
    cfg = {"type": "Pretrained", "checkpoint": str(file), "prefix": prefix}
    linear = nn.Linear(2, 3)
    initialize(linear, cfg)
    assert _same(linear, _part(source, "backbone"))


def test_the_weights_of_another_library(tmp_path: Path) -> None:
    source, model, file = _net(), _net(), tmp_path / "net.pth"
    theirs = {
        key.replace("backbone.", "trunk.").replace("head.", "fc."): value
        for key, value in source.state_dict().items()
    }
    torch.save(theirs, file)
    pairs = [(r"^trunk\.", "backbone."), (r"^fc\.", "head.")]
    PretrainedInit(str(file), revise_keys=pairs)(model)
    assert _same(model, source)
    linear = nn.Linear(2, 3)
    PretrainedInit(str(file), prefix="backbone.", revise_keys=pairs)(linear)
    assert _same(linear, _part(source, "backbone"))


def test_a_url() -> None:
    source, model, url = _net(), _net(), f"memory://{uuid4().hex}/net.pth"
    with MemoryFileSystem().open(url, "wb") as file:
        torch.save(source.state_dict(), file)
    PretrainedInit(url)(model)
    assert _same(model, source)


def test_differences_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = nn.ModuleDict({"backbone": nn.Linear(2, 3), "neck": nn.Linear(1, 1)})
    source["head"] = nn.Linear(3, 5, bias=False)
    model, file = _net(), tmp_path / "net.pth"
    before = _part(model, "head").weight.clone()
    torch.save(source.state_dict(), file)
    with caplog.at_level(logging.WARNING):
        PretrainedInit(str(file))(model)
    assert "missing (1): head.bias" in caplog.text
    assert "unexpected (2): neck.weight, neck.bias" in caplog.text
    assert "other shape (1): head.weight" in caplog.text
    assert _same(_part(model, "backbone"), source["backbone"])
    assert torch.equal(_part(model, "head").weight, before)


def test_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*net\.pth"):
        PretrainedInit(str(file))(_net())
    torch.save(_net().state_dict(), file)
    with pytest.raises(
        CheckpointError, match=r"net\.pth: there is nothing under 'neck\.'; there is backbone, head"
    ):
        PretrainedInit(str(file), "neck")(_net())
    with pytest.raises(
        CheckpointError, match=r"net\.pth: the weights are not those of Conv2d\n  missing \(2\)"
    ):
        PretrainedInit(str(file))(nn.Conv2d(1, 1, 1))
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(CheckpointError, match=r"net\.pth is not a checkpoint, or was cut short"):
        PretrainedInit(str(file))(_net())
    torch.save({"state_dict": _net()}, file)
    with pytest.raises(
        CheckpointError, match=r"net\.pth holds torch\.nn\.modules\.container\.ModuleDict; a check"
    ):
        PretrainedInit(str(file))(_net())
    torch.save([1], file)
    with pytest.raises(CheckpointError, match=r"net\.pth holds list, not a dictionary"):
        PretrainedInit(str(file))(_net())


@pytest.mark.parametrize("kind", ["Pretrained", "engine.PretrainedInit", PretrainedInit])
def test_what_is_loaded_is_not_drawn_again_by_a_child(tmp_path: Path, kind: object) -> None:
    class Part(BaseModule):
        """A child that draws its weights."""

        def __init__(self) -> None:
            super().__init__({"type": "Constant", "val": 5.0, "layer": "Linear"})
            self.fc = nn.Linear(2, 2)

    class Whole(BaseModule):
        """A module whose weights come from a file."""

        def __init__(self, init_cfg: dict[str, object] | None = None) -> None:
            super().__init__(init_cfg)
            self.part = Part()

    source = Whole()
    torch.save(source.state_dict(), tmp_path / "net.pth")
    model = Whole({"type": kind, "checkpoint": str(tmp_path / "net.pth")})
    model.init_weights()
    assert _same(model, source)
