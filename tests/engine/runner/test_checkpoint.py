"""Checkpoints are data, whole or not there, and say what is wrong with them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.runner import (
    CheckpointError,
    load_checkpoint,
    load_state_dict,
    read_checkpoint,
    save_checkpoint,
)


def test_a_round_trip(tmp_path: Path) -> None:
    state: dict[str, Any] = {
        "state_dict": {"a": torch.rand(3)},
        "meta": {"epoch": 1, "cfg": "x = 1"},
    }
    save_checkpoint(state, tmp_path / "deep" / "x.pth")
    back = read_checkpoint(tmp_path / "deep" / "x.pth")
    assert back["meta"] == state["meta"]
    assert torch.equal(back["state_dict"]["a"], state["state_dict"]["a"])


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*x\.pth"):
        read_checkpoint(path)
    save_checkpoint({"state_dict": {"a": torch.rand(1000)}}, path)
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match=r"x\.pth is not a checkpoint"):
            read_checkpoint(path)
    path.write_bytes(b"no checkpoint at all")
    with pytest.raises(CheckpointError, match=r"x\.pth is not a checkpoint"):
        read_checkpoint(path)
    torch.save([1, 2], path)
    with pytest.raises(CheckpointError, match=r"x\.pth holds list, not a dictionary"):
        read_checkpoint(path)


class _Evil:
    """What would run code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch executed",)


def test_nothing_in_a_checkpoint_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "meta": _Evil()}, "new.pth")
    with Path("old.pth").open("wb") as file:
        pickle.dump({"meta": _Evil()}, file, protocol=2)
    for name in ("new.pth", "old.pth"):
        with pytest.raises(CheckpointError):
            read_checkpoint(name)
    assert not Path("executed").exists()


def test_weights_that_do_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    state = {"0.weight": torch.ones(2, 2), "1.weight": torch.ones(9, 2), "extra": torch.ones(1)}
    report = (
        "missing (2): 0.bias, 1.bias\n  unexpected (1): extra\n"
        "  other shape (1): 1.weight (9, 2), not (3, 2)"
    )
    with pytest.raises(CheckpointError) as caught:
        load_state_dict(model, state, strict=True)
    assert str(caught.value) == f"the weights are not those of Sequential\n  {report}"
    load_state_dict(model, state)
    assert report in caplog.text
    assert torch.equal(model.state_dict()["0.weight"], torch.ones(2, 2))
    with pytest.raises(CheckpointError, match="the weights are not those of Sequential"):
        load_state_dict(model, {"other": torch.ones(1)})


def test_keys_are_revised(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    wrapped = {f"module.{key}": torch.ones_like(value) for key, value in model.state_dict().items()}
    save_checkpoint({"state_dict": wrapped}, tmp_path / "x.pth")
    load_checkpoint(model, tmp_path / "x.pth", strict=True)
    assert torch.equal(model.weight, torch.ones(2, 2))
    other = {f"net.{key}": torch.zeros_like(value) for key, value in model.state_dict().items()}
    save_checkpoint(other, tmp_path / "y.pth")
    load_checkpoint(model, tmp_path / "y.pth", strict=True, revise_keys=[("^net.", "")])
    assert torch.equal(model.weight, torch.zeros(2, 2))


_WRITER = """
import itertools, torch
from engine.runner import save_checkpoint
for number in itertools.count():
    save_checkpoint({"state_dict": {"x": torch.full((200_000,), float(number))}}, path)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    save_checkpoint({"state_dict": {"x": torch.zeros(200_000)}}, path)
    moments = random.Random(0)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["engine.runner", "torch"])

    def check_whole() -> None:
        x = read_checkpoint(path)["state_dict"]["x"]
        assert (x == x[0]).all()

    for _ in range(50):
        before = path.stat().st_ino  # a write replaces the file
        writer = processes.Process(target=exec, args=[_WRITER, {"path": path}])
        writer.start()
        while path.stat().st_ino == before and writer.is_alive():
            check_whole()
        until = time.monotonic() + moments.uniform(0.0, 0.1)
        while time.monotonic() < until:
            check_whole()
        assert writer.is_alive()
        writer.kill()
        writer.join()
        check_whole()
