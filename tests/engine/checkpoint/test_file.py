"""Checkpoints are data, whole or not there, and say what is wrong with them."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import random
import resource
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.checkpoint import CheckpointError, read_checkpoint, save_checkpoint
from engine.fileio import put_text


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
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*x\.pth"):
        read_checkpoint(tmp_path / "x.pth")
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
        for mmap in (False, True):
            with pytest.raises(CheckpointError):
                read_checkpoint(name, mmap=mmap)
    with pytest.raises(CheckpointError, match=r"new\.pth holds posix\.system; a checkpoint holds"):
        read_checkpoint("new.pth")
    assert not Path("executed").exists()


_WRITER = """
import itertools, torch
from engine.checkpoint import save_checkpoint
for number in itertools.count():
    save_checkpoint({"state_dict": {"x": torch.full((200_000,), float(number))}}, path)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    save_checkpoint({"state_dict": {"x": torch.zeros(200_000)}}, path)
    moments = random.Random(0)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["engine.checkpoint", "torch"])

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


def test_a_file_that_is_read_at_once_may_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    save_checkpoint({"state_dict": {"x": torch.ones(100_000)}}, path)
    content = read_checkpoint(path)
    path.write_bytes(b"")
    assert content["state_dict"]["x"].sum() == 100_000


def test_a_failed_write_keeps_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.pth"
    save_checkpoint({"state_dict": {"x": torch.ones(3)}}, path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # as a full disk would
    try:
        for file, end in (("x.pth", "; the former file of this name is whole"), ("y.pth", "")):
            with pytest.raises(CheckpointError) as caught:
                save_checkpoint({"state_dict": {"x": torch.ones(100_000)}}, tmp_path / file)
            said = f"{tmp_path / file} could not be written: {os.strerror(errno.EFBIG)}{end}"
            assert str(caught.value) == said
        with pytest.raises(OSError, match=r"too large: '.*last_checkpoint'"):
            put_text("x" * 60_000, tmp_path / "last_checkpoint")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)
    assert read_checkpoint(path)["state_dict"]["x"].shape == (3,)
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CheckpointError, match=r"could not be written"):
        save_checkpoint({}, path / "below" / "a" / "file.pth")
