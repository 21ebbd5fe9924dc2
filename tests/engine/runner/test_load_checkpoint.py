"""Which checkpoint a run begins with, and how its weights get into a model."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.checkpoint import save_checkpoint
from engine.config import Config
from engine.hooks import Hook
from engine.runner import CheckpointError, Runner, load_checkpoint

CfgMaker = Callable[..., Config]


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


class Told(nn.Linear):
    """A layer that notes the version of the weights that it is loaded with."""

    _version = 3
    loaded: Any = None

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, *args: Any
    ) -> None:
        self.loaded = local_metadata.get("version")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


@pytest.mark.parametrize(("pattern", "replacement"), [("^module.", ""), ("^", "backbone.")])
def test_versions_of_modules_follow_the_keys(
    tmp_path: Path, pattern: str, replacement: str
) -> None:
    inner = Told(1, 1)
    module, backbone = nn.ModuleDict({"module": inner}), nn.ModuleDict({"backbone": inner})
    source, target = (module, inner) if replacement == "" else (inner, backbone)
    save_checkpoint({"state_dict": source.state_dict()}, tmp_path / "x.pth")
    load_checkpoint(target, tmp_path / "x.pth", revise_keys=[(pattern, replacement)])
    assert inner.loaded == 3


def test_a_whole_checkpoint_is_returned(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    weights = {f"module.{key}": value for key, value in model.state_dict().items()}
    content = {"state_dict": weights, "optimizer": {"lr": 1.0}, "meta": {"epoch": 3}, "x": [1]}
    save_checkpoint(content, tmp_path / "x.pth")
    loaded = load_checkpoint(model, tmp_path / "x.pth")
    (tmp_path / "x.pth").write_bytes(b"")  # what was returned is not in the file any more
    assert list(loaded) == list(content)
    assert torch.equal(loaded["state_dict"]["module.weight"], model.weight)


@pytest.fixture
def trained(toy_cfg: CfgMaker) -> Path:
    """The folder of a run with a checkpoint for each of three epochs."""
    hook = {"type": "CheckpointHook", "interval": 1}
    runner = Runner.from_cfg(toy_cfg(default_hooks={"checkpoint": hook}))
    runner.train()
    for age, name in enumerate(("epoch_3.pth", "epoch_2.pth", "epoch_1.pth")):
        os.utime(Path(runner.work_dir, name), (1e9 - age, 1e9 - age))
    return Path(runner.work_dir)


class _Fills(Hook):
    """Fills a weight of each checkpoint that is read, and notes that of the model at the time."""

    def __init__(self, in_place: bool) -> None:
        self.in_place = in_place
        self.before: list[float] = []
        self.trained_from: list[float] = []

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        self.before.append(runner.model.fc.bias[0].item())
        if self.in_place:
            checkpoint["state_dict"]["fc.bias"].fill_(7)
        else:
            checkpoint["state_dict"] = {
                **checkpoint["state_dict"],
                "fc.bias": torch.full((3,), 7.0),
            }

    def before_train(self, runner: Runner) -> None:
        self.trained_from.append(runner.model.fc.bias[0].item())


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("key", ["load_from", "resume"])
def test_a_hook_may_change_the_weights_before_the_model_takes_them(
    toy_cfg: CfgMaker, trained: Path, in_place: bool, key: str
) -> None:
    hook, file = _Fills(in_place), trained / "epoch_2.pth"
    content = file.read_bytes()
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[hook], **{key: str(file)}))
    fresh = runner.model.fc.bias[0].item()
    runner.train()
    assert hook.trained_from == [7.0]
    runner.load_checkpoint(str(file))
    assert torch.equal(runner.model.fc.bias, torch.full((3,), 7.0))
    assert hook.before[0] == fresh
    assert 7.0 not in hook.before
    assert file.read_bytes() == content


def _resumed(toy_cfg: CfgMaker, folder: Path) -> Runner:
    cfg = toy_cfg(work_dir=str(folder), resume=True, train_cfg={"by_epoch": True, "max_epochs": 4})
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_a_broken_checkpoint_gives_way_to_the_newest_whole_one(
    toy_cfg: CfgMaker, trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("epoch_3.pth", "epoch_2.pth"):
        path = trained / name
        path.write_bytes(path.read_bytes()[:1000])
        os.utime(path, (1e9, 1e9))
    torch.save({"state_dict": {}}, trained / "weights.pth")  # no training, though it is the newest
    runner = _resumed(toy_cfg, trained)
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warnings == [
        f"{trained / 'epoch_3.pth'} is not a checkpoint, or was cut short",
        f"{trained / 'epoch_2.pth'} is not a checkpoint, or was cut short",
        f"Going on with {trained / 'epoch_1.pth'} instead",
    ]
    assert runner.epoch == 4
    assert len(runner.message_hub.get_scalar("train/loss")) == 20


def test_where_none_is_whole_the_first_is_told_of(toy_cfg: CfgMaker, trained: Path) -> None:
    for path in trained.glob("*.pth"):
        path.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"epoch_3\.pth is not a checkpoint"):
        _resumed(toy_cfg, trained)


def test_a_checkpoint_that_was_named_has_no_substitute(toy_cfg: CfgMaker, trained: Path) -> None:
    (trained / "epoch_2.pth").write_bytes(b"")
    for changes in ({"resume": str(trained / "epoch_2.pth")}, {"resume": True}):
        cfg = toy_cfg(load_from=str(trained / "epoch_2.pth"), **changes)
        with pytest.raises(CheckpointError, match=r"epoch_2\.pth is not a checkpoint"):
            Runner.from_cfg(cfg)


def test_the_seed_of_a_run_is_that_of_its_checkpoint(
    toy_cfg: CfgMaker, trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = str(trained / "epoch_2.pth")
    assert Runner.from_cfg(toy_cfg(resume=name, randomness={"seed": None})).seed == 0
    assert not caplog.records
    assert Runner.from_cfg(toy_cfg(resume=name, randomness={"seed": 7})).seed == 7
    assert f"The seed is 7, and that of {name} was 0" in caplog.text


def test_a_training_goes_on_with_trained_weights_where_there_is_no_average_any_more(
    toy_cfg: CfgMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def cfg(**changes: Any) -> Config:
        hook = {"type": "CheckpointHook", "interval": 1}
        return toy_cfg(
            default_hooks={"checkpoint": hook},
            val_cfg=None,
            val_dataloader=None,
            val_evaluator=None,
            **changes,
        )

    plain = Runner.from_cfg(cfg(work_dir=str(tmp_path / "plain")))
    plain.train()
    averaged = cfg(work_dir=str(tmp_path / "averaged"), custom_hooks=[{"type": "EMAHook"}])
    Runner.from_cfg(averaged).train()
    resumed = Runner.from_cfg(cfg(resume=str(tmp_path / "averaged" / "epoch_2.pth")))
    resumed.train()
    assert "the run has no EMAHook to go on with it" in caplog.text
    for ours, theirs in zip(resumed.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("key", ["load_from", "resume"])
def test_a_missing_checkpoint_is_told_before_data_is_built(toy_cfg: CfgMaker, key: str) -> None:
    cfg = toy_cfg(**{key: "nope.pth"})
    if key == "resume":
        with pytest.raises(CheckpointError, match=r"^there is no checkpoint nope\.pth$"):
            Runner.from_cfg(cfg).train()
        return
    cfg.train_dataloader.dataset = {"type": "NoSuchDataset"}
    with pytest.raises(CheckpointError, match=r"^there is no checkpoint nope\.pth$"):
        Runner.from_cfg(cfg).train()


def test_a_checkpoint_of_mmengine_goes_on_but_not_exactly(
    toy_cfg: CfgMaker, trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = trained / "epoch_2.pth"
    content = torch.load(path, weights_only=True)
    for key in ("processes", "visualizer"):
        content.pop(key)
    content["meta"] = {"epoch": 2, "iter": 10, "seed": 0, "mmengine_version": "0.10.7"}
    torch.save(content, path)
    runner = Runner.from_cfg(toy_cfg(resume=str(path)))
    runner.train()
    assert (runner.epoch, runner.iter) == (3, 15)
    assert "was made by another engine, so the training does not go on exactly" in caplog.text
