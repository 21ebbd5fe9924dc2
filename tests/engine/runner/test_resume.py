"""A run that is interrupted and resumed ends as one that was not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.hooks import Hook
from engine.runner import (
    CheckpointError,
    CheckpointLoader,
    Runner,
    TrainingInterrupted,
    find_latest_checkpoint,
)

from ..conftest import ToyModel

CfgMaker = Callable[..., Config]

BY_EPOCH = {"train_cfg": {"by_epoch": True, "max_epochs": 3}}
BY_ITER = {"train_cfg": {"by_epoch": False, "max_iters": 15, "val_interval": 4}}


class _SignalAt(Hook):
    """Sends this process a signal at a point of the run."""

    def __init__(self, iteration: int, signum: int = signal.SIGINT, point: str = "train") -> None:
        self.iteration, self.signum, self.point = iteration, signum, point

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None:
        if mode == self.point and runner.iter == self.iteration:
            os.kill(os.getpid(), self.signum)


def _state(runner: Runner) -> dict[str, Any]:
    return {
        "weights": runner.model.state_dict(),
        "optimizer": runner.optim_wrapper.state_dict()["state"],
        "lr": runner.optim_wrapper.get_lr(),
        "losses": runner.message_hub.get_scalar("train/loss").data[0],
        "metrics": runner.message_hub.get_scalar("val/acc").data[0],
        "draw": torch.rand(3),
    }


@pytest.mark.parametrize(
    ("loop", "point", "iteration"),
    [
        pytest.param(loop, point, iteration, id=f"{name}-{point}-{iteration}")
        for name, loop, validations in (
            ("epochs", BY_EPOCH, (5, 15)),
            ("iterations", BY_ITER, (8, 15)),
        )
        for point, iterations in (("train", (0, 2, 4, 7, 14)), ("val", validations))
        for iteration in iterations
    ],
)
def test_resume_is_exact(
    toy_cfg: CfgMaker, tmp_path: Path, loop: dict[str, Any], point: str, iteration: int
) -> None:
    whole = Runner.from_cfg(toy_cfg(work_dir=str(tmp_path / "whole"), **loop))
    whole.train()
    expected = _state(whole)

    stop = _SignalAt(iteration, point=point)
    halves = toy_cfg(work_dir=str(tmp_path / "halves"), custom_hooks=[stop], **loop)
    halves.log_level = "ERROR"
    with pytest.raises(TrainingInterrupted):
        Runner.from_cfg(halves).train()
    torch.manual_seed(1234)  # as another process would have it
    halves = toy_cfg(work_dir=str(tmp_path / "halves"), resume=True, **loop)
    second = Runner.from_cfg(halves)
    second.train()
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)


def test_resume_from_a_checkpoint_at_an_epoch(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    whole = Runner.from_cfg(
        toy_cfg(default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 1}})
    )
    whole.train()
    expected = _state(whole)
    cfg = toy_cfg(
        work_dir=str(tmp_path / "second"),
        resume=True,
        load_from=str(Path(whole.work_dir) / "epoch_1.pth"),
    )
    second = Runner.from_cfg(cfg)
    second.train()
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)


def test_resume_from_a_url(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    def cfg(**changes: Any) -> Config:
        hook = {"type": "CheckpointHook", "interval": 1, "out_dir": f"memory://{tmp_path.name}"}
        return toy_cfg(default_hooks={"checkpoint": hook}, **changes)

    whole = Runner.from_cfg(cfg(work_dir=str(tmp_path / "whole")))
    whole.train()
    expected = _state(whole)
    halves = {"work_dir": str(tmp_path / "halves")}
    Runner.from_cfg(cfg(train_cfg={"max_epochs": 2}, **halves)).train()
    second = Runner.from_cfg(cfg(resume=True, **halves))
    second.train()
    latest = find_latest_checkpoint(second.work_dir, [f"memory://{tmp_path.name}"])
    assert latest == f"memory://{tmp_path.name}/halves/epoch_3.pth"
    assert not list(Path(second.work_dir).glob("*.pth"))
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)
    with pytest.raises(CheckpointError, match="there is no checkpoint memory:"):
        second.load_checkpoint("memory://nowhere/x.pth")


FOREIGN = [
    "https://example.org/epoch_1.pth",
    "memory://bucket/epoch_1.pth",
    "torchvision://resnet18",
    "file:///etc/passwd",
    "../other/epoch_1.pth",
    "sub/../../other/epoch_1.pth",
    "/etc/passwd",
    "link.pth",
    "a\0b",
    "memory://own/runs/../../bucket/epoch_1.pth",
    "memory://own/runs2/epoch_1.pth",
    "memory://own/runs/x::https://example.org/epoch_1.pth",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_last_checkpoint_may_not_name(
    toy_cfg: CfgMaker, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    (tmp_path / "other").mkdir()
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "other" / "epoch_1.pth").write_bytes(b"")
    (folder / "link.pth").symlink_to(tmp_path / "other" / "epoch_1.pth")
    (folder / "last_checkpoint").write_text(name)
    opened: list[str] = []
    monkeypatch.setattr(
        CheckpointLoader, "load_checkpoint", lambda name, *_, **__: opened.append(name)
    )
    hook = {"type": "CheckpointHook", "out_dir": "memory://own/runs"}
    for hooks in ({}, {"checkpoint": hook}):
        with pytest.raises(CheckpointError) as caught:
            Runner.from_cfg(toy_cfg(resume=True, default_hooks=hooks))
        assert str(caught.value).startswith(f"{folder / 'last_checkpoint'} holds ")
        assert "it must name a checkpoint in this folder, or one below" in str(caught.value)
    assert opened == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("epoch_1.pth", "{run}/epoch_1.pth"),
        ("sub/epoch_1.pth\n", "{run}/sub/epoch_1.pth"),
        ("../far/run/epoch_1.pth", "{run}/../far/run/epoch_1.pth"),
        ("memory://own/runs/run/epoch_1.pth", "memory://own/runs/run/epoch_1.pth"),
    ],
)
def test_what_last_checkpoint_may_name(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last_checkpoint").write_text(name)
    out_dirs: list[str | Path] = [tmp_path / "far", "memory://own/runs/"]
    latest = find_latest_checkpoint(tmp_path / "run", out_dirs)
    assert latest == found.format(run=tmp_path / "run")


def test_resume_reads_no_skipped_data(toy_cfg: CfgMaker) -> None:
    with pytest.raises(TrainingInterrupted):
        Runner.from_cfg(toy_cfg(custom_hooks=[_SignalAt(3)], log_level="ERROR")).train()
    cfg = toy_cfg(resume=True, val_dataloader=None, val_cfg=None, val_evaluator=None)
    runner = Runner.from_cfg(cfg)
    runner.train()
    reads = runner.train_dataloader.dataset.reads  # type: ignore[attr-defined]
    assert reads == 3 * 40 - 4 * 8


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_restores_the_handlers(toy_cfg: CfgMaker, signum: int) -> None:
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[_SignalAt(6, signum)], log_level="ERROR"))
    with pytest.raises(TrainingInterrupted) as caught:
        runner.train()
    assert caught.value.signum == signum
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == before
    latest = find_latest_checkpoint(runner.work_dir)
    assert latest is not None
    assert Path(latest).name == "interrupted_iter_7.pth"


def test_resume_without_a_checkpoint_starts_anew(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg(resume=True))
    runner.train()
    assert runner.epoch == 3


def test_weights_alone_can_not_be_resumed(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    runner = Runner.from_cfg(toy_cfg())
    weights = tmp_path / "weights.pth"
    torch.save(runner.model.state_dict(), weights)
    with pytest.raises(CheckpointError, match="holds weights, but not the state of a training"):
        Runner.from_cfg(toy_cfg(resume=True, load_from=str(weights))).train()


def test_other_schedulers_can_not_be_resumed(toy_cfg: CfgMaker) -> None:
    Runner.from_cfg(toy_cfg()).train()
    with pytest.raises(
        CheckpointError, match="was made with 1 parameter schedulers; the config has 0"
    ):
        Runner.from_cfg(toy_cfg(resume=True, param_scheduler=None)).train()


def _as_list(checkpoint: dict[str, Any]) -> None:
    checkpoint["processes"] = [[]]


def _without_hub(checkpoint: dict[str, Any]) -> None:
    del checkpoint["message_hub"]


def _counted_in_text(checkpoint: dict[str, Any]) -> None:
    checkpoint["meta"]["iter"] = "15"


def _within_itself(checkpoint: dict[str, Any]) -> None:
    checkpoint["meta"]["more"] = checkpoint["meta"]


@pytest.mark.parametrize("spoil", [None, _as_list, _without_hub, _counted_in_text, _within_itself])
def test_resume_takes_the_one_before_a_bad_checkpoint(
    toy_cfg: CfgMaker, spoil: Callable[[dict[str, Any]], None] | None
) -> None:
    hooks = {"checkpoint": {"type": "CheckpointHook", "interval": 1}}
    first = Runner.from_cfg(toy_cfg(default_hooks=hooks))
    first.train()
    expected = _state(first)
    last = Path(first.work_dir) / "epoch_3.pth"
    if spoil is None:
        last.write_text("hello")
    else:
        content = torch.load(last, weights_only=True)
        spoil(content)
        torch.save(content, last)
    with pytest.raises(CheckpointError, match=r"epoch_3\.pth is no"):
        Runner.from_cfg(toy_cfg(resume=True, load_from=str(last))).train()
    second = Runner.from_cfg(toy_cfg(resume=True, default_hooks=hooks))
    second.train()
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)


def test_resume_takes_the_one_before_a_bad_folder(toy_cfg: CfgMaker) -> None:
    hooks = {"checkpoint": {"type": "CheckpointHook", "interval": 1, "layout": "folder"}}
    first = Runner.from_cfg(toy_cfg(default_hooks=hooks))
    first.train()
    expected = _state(first)
    [file] = Path(first.work_dir, "epoch_3", "optimizer").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match=r"epoch_3 .*optimizer/.* is not what was written"):
        Runner.from_cfg(toy_cfg(resume=str(Path(first.work_dir) / "epoch_3")))
    Path(first.work_dir, "epoch_1.partial").mkdir()
    second = Runner.from_cfg(toy_cfg(resume=True, default_hooks=hooks))
    second.train()
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)
    left = {path.name for path in Path(first.work_dir).glob("epoch_*")}
    assert left == {"epoch_1", "epoch_2", "epoch_3"}


class _Pretrained(ToyModel):
    """A model whose weights are somewhere else."""

    def __init__(self, pretrained: bool = False) -> None:
        super().__init__()
        if pretrained:
            raise FileNotFoundError("no connection")


def test_a_resume_needs_no_pretrained_weights(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 1}, model={"type": _Pretrained})
    Runner.from_cfg(cfg).train()
    cfg.merge_from_dict({"model.pretrained": True, "train_cfg.max_epochs": 2})
    with pytest.raises(FileNotFoundError, match="no connection"):
        Runner.from_cfg(cfg)
    cfg.resume = True
    resumed = Runner.from_cfg(cfg)
    resumed.train()
    assert resumed.epoch == 2
    assert cfg.model.pretrained is True
