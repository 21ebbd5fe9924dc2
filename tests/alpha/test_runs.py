"""Short runs of the shipped configs, through the runner."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import timm
import torch
from PIL import Image

from engine.cli import main
from engine.config import Config
from engine.registry import INFERENCERS, MODELS, DefaultScope
from engine.runner import Runner
from mmalpha.datasets import Digits

TINY = {
    "train_cfg.max_epochs": 1,
    "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
}


@pytest.fixture(scope="module")
def cfg(tmp_path_factory: pytest.TempPathFactory) -> Config:
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    changes = {
        "work_dir": str(tmp_path_factory.mktemp("run")),
        "train_dataloader.dataset.indices": 200,
        "val_dataloader.dataset.indices": 50,
        "test_dataloader.dataset.indices": 50,
    }
    cfg.merge_from_dict(TINY | changes)
    return cfg


@pytest.fixture(scope="module")
def trained(cfg: Config) -> Path:
    """The work directory of a training of one epoch."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    return Path(runner.work_dir)


def test_a_test_gives_the_metric_of_the_training_again(cfg: Config, trained: Path) -> None:
    runner = Runner.from_cfg(cfg)
    runner.load_checkpoint(str(trained / "epoch_1.pth"), strict=True)
    saved = torch.load(next(trained.glob("best_*.pth")), weights_only=True)
    best = saved["message_hub"]["runtime_info"]["best_accuracy/top1"]
    assert runner.test() == {"accuracy/top1": best}
    assert 0 <= best <= 1


def test_a_prediction_of_an_image_file(cfg: Config, trained: Path, tmp_path: Path) -> None:
    scan = Digits("test", indices=1).get_data_info(0)["img"]
    Image.fromarray(scan[0].numpy()).save(tmp_path / "in.png")
    inferencer = INFERENCERS.build(
        {**cfg.inferencer, "_scope_": "mmalpha"},
        default_args={"model": cfg, "weights": str(trained / "epoch_1.pth"), "device": "cpu"},
    )
    enlarged = scan.repeat_interleave(30, 1).repeat_interleave(30, 2)
    results = inferencer([str(tmp_path / "in.png"), scan, enlarged], batch_size=2)
    from_file, from_tensor, from_large = results["predictions"]
    assert from_file == from_tensor
    assert from_large["class"] == from_tensor["class"]
    assert from_file["class"] in "0123456789"
    assert 0.1 <= from_file["score"] <= 1
    assert [picture.shape for picture in results["visualization"]] == [
        (256, 224, 3),
        (256, 224, 3),
        (272, 240, 3),
    ]


def test_fashion_mnist_trains_from_idx_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 64), ("t10k", 16)):
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        _write_idx(tmp_path / f"{prefix}-images-idx3-ubyte", images)
        _write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte", labels)
    cfg = Config.fromfile("mmalpha::resnet18_fashion-mnist.py")
    loaders = ("train_dataloader", "val_dataloader", "test_dataloader")
    roots = {f"{loader}.dataset.data_root": str(tmp_path) for loader in loaders}
    cfg.merge_from_dict(TINY | roots | {"work_dir": str(tmp_path / "run")})
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert set(runner.test()) == {"accuracy/top1", "accuracy/top5"}


def _write_idx(path: Path, values: npt.NDArray[np.uint8]) -> None:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.tobytes())


def test_a_test_needs_no_pretrained_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = Config.fromfile("mmalpha::timm-resnet18_digits.py")
    with DefaultScope.overwrite_default_scope("mmalpha"):
        model = MODELS.build(cfg.model)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "trained.pth")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("timm.create_model", _offline)
    changes = ["--cfg-options", "model.backbone.pretrained=True"]
    with pytest.raises(SystemExit) as ended:
        main(["test", "mmalpha::timm-resnet18_digits.py", "trained.pth", "--no-report", *changes])
    assert ended.value.code == 0
    assert "accuracy/top1: " in capsys.readouterr().out


def _offline(*args: Any, pretrained: bool = False, **kwargs: Any) -> Any:
    assert not pretrained
    return timm.models.create_model(*args, **kwargs)
