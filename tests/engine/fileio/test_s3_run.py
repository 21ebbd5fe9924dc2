"""A training whose annotations, data and checkpoints are all in S3."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import fileio
from engine.config import Config
from engine.dataset import BaseDataset
from engine.model import PretrainedInit
from engine.runner import CheckpointError, Runner, find_latest_checkpoint, read_checkpoint

CfgMaker = Callable[..., Config]


def _read_point(record: dict[str, Any]) -> dict[str, Any]:
    point = np.load(io.BytesIO(fileio.get(record["point_path"])))
    return {
        "inputs": torch.from_numpy(point) + 0.01 * torch.randn(4),
        "data_samples": torch.tensor(record["gt_label"]),
    }


@pytest.fixture
def data(bucket: str) -> dict[str, Any]:
    """The config of a dataset of 24 points in a bucket."""
    points = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
    records = []
    for number, point in enumerate(points):
        stream = io.BytesIO()
        np.save(stream, point)
        fileio.put(stream.getvalue(), f"{bucket}/data/points/{number}.npy")
        records.append({"point_path": f"{number}.npy", "gt_label": int(point[:3].argmax())})
    fileio.dump({"metainfo": {}, "data_list": records}, f"{bucket}/data/train.json")
    return {
        "type": BaseDataset,
        "data_root": f"{bucket}/data",
        "ann_file": "train.json",
        "data_prefix": {"point_path": "points"},
        "pipeline": [_read_point],
    }


@pytest.fixture
def cfg(toy_cfg: CfgMaker, bucket: str, data: dict[str, Any]) -> CfgMaker:
    """Return a function that makes the config of a run whose checkpoints go to the bucket."""

    def make(epochs: int = 3, **changes: Any) -> Config:
        hook = {
            "type": "CheckpointHook",
            "interval": 1,
            "max_keep_ckpts": 1,
            "save_best": "acc",
            "out_dir": f"{bucket}/runs",
            "published_keys": "state_dict",
        }
        made = toy_cfg(
            default_hooks={"checkpoint": hook},
            train_cfg={"by_epoch": True, "max_epochs": epochs},
            **changes,
        )
        made.train_dataloader.dataset = data
        made.val_dataloader.dataset = data
        return made

    return make


def _state(runner: Runner) -> dict[str, Any]:
    return {
        "weights": runner.model.state_dict(),
        "optimizer": runner.optim_wrapper.state_dict()["state"],
        "losses": runner.message_hub.get_scalar("train/loss").data[0],
        "metrics": runner.message_hub.get_scalar("val/acc").data[0],
        "draw": torch.rand(3),
    }


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_is_resumed_from_s3_bit_for_bit(
    cfg: CfgMaker, bucket: str, tmp_path: Path, workers: int
) -> None:
    def run(epochs: int, name: str, resume: bool = False) -> Runner:
        made = cfg(epochs, work_dir=str(tmp_path / name), resume=resume)
        made.train_dataloader.num_workers = workers
        runner = Runner.from_cfg(made)
        runner.train()
        return runner

    expected = _state(run(3, "whole"))
    run(2, "halves")
    torch.manual_seed(1234)  # as another process would have it
    second = run(3, "halves", resume=True)
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)

    latest = find_latest_checkpoint(second.work_dir, [f"{bucket}/runs"])
    assert latest == f"{bucket}/runs/halves/epoch_3.pth"
    assert read_checkpoint(latest)["meta"]["epoch"] == 3
    names = {*fileio.list_dir_or_file(f"{bucket}/runs/halves")}
    kept = {name for name in names if "-" not in name}
    assert {name.partition("_epoch")[0] for name in kept} == {"best_acc", "epoch_3.pth"}
    assert len(names - kept) >= 2  # published, by their content
    assert [*tmp_path.rglob("*.pth")] == []

    model = torch.nn.ModuleDict({"fc": torch.nn.Linear(4, 3)})
    PretrainedInit(latest)(model)
    torch.testing.assert_close(model.state_dict(), expected["weights"], rtol=0, atol=0)


def test_a_run_that_saves_folders_in_s3(cfg: CfgMaker, bucket: str, tmp_path: Path) -> None:
    def run(epochs: int, name: str, resume: bool = False) -> Runner:
        made = cfg(epochs, work_dir=str(tmp_path / name), resume=resume)
        made.default_hooks.checkpoint.update(layout="folder", background=True)
        runner = Runner.from_cfg(made)
        runner.train()
        return runner

    expected = _state(run(3, "whole"))
    run(2, "halves")
    second = run(3, "halves", resume=True)
    torch.testing.assert_close(_state(second), expected, rtol=0, atol=0)
    latest = find_latest_checkpoint(second.work_dir, [f"{bucket}/runs"])
    assert latest == f"{bucket}/runs/halves/epoch_3"
    found = {*fileio.list_dir_or_file(f"{bucket}/runs/halves", list_file=False)}
    assert {name.partition("_epoch")[0] for name in found} == {"best_acc", "epoch_3"}

    loaded = read_checkpoint(latest)
    assert loaded["meta"]["epoch"] == 3
    torch.testing.assert_close(dict(loaded["state_dict"]), dict(expected["weights"]))
    fileio.remove(f"{latest}/manifest.json")  # without which nothing was written
    with pytest.raises(CheckpointError, match=f"there is no checkpoint {latest}"):
        read_checkpoint(latest)
    fileio.put(b"{}", f"{latest}/manifest.json")
    with pytest.raises(CheckpointError, match=r"manifest.json can't be used"):
        read_checkpoint(latest)


def test_a_checkpoint_that_is_missing(bucket: str, toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg())
    with pytest.raises(CheckpointError, match=f"there is no checkpoint {bucket}/x.pth"):
        runner.load_checkpoint(f"{bucket}/x.pth")
