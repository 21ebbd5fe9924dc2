"""Each shipped config builds and runs a step."""

from __future__ import annotations

import math
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import mmalpha
from engine.checkpoint import save_checkpoint
from engine.config import Config
from engine.infer import build_inferencer, export_model
from engine.registry import INFERENCERS
from engine.runner import Runner, model_of

FOLDER = Path(mmalpha.__file__).with_name("configs")
CONFIGS = sorted(path.name for path in FOLDER.glob("*.py"))
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def _write_idx_files(root: Path) -> None:
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 16), ("t10k", 8)):
        images, labels = rng.integers(0, 256, (count, 28, 28)), rng.integers(0, 10, count)
        for name, values in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
            content = header + values.astype(np.uint8).tobytes()
            (root / f"{prefix}-{name}-ubyte").write_bytes(content)


def _write_cifar_files(root: Path) -> None:
    rng = np.random.default_rng(0)
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        pixels, labels = rng.integers(0, 256, (4, 3072), np.uint8), rng.integers(0, 10, 4).tolist()
        (folder / name).write_bytes(pickle.dumps({b"data": pixels, b"labels": labels}, 2))


def _write_folders(root: Path) -> None:
    rng = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for name in ("cat", "dog"):
            (root / split / name).mkdir(parents=True)
            for number in range(2):
                pixels = rng.integers(0, 256, (240, 260, 3), np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{number}.jpg")


DATA: dict[str, Callable[[Path], None]] = {
    "FashionMNIST": _write_idx_files,
    "CIFAR10": _write_cifar_files,
    "ImageFolder": _write_folders,
}


def small(cfg: Config, root: Path) -> Config:
    """Make a config run three steps on a few images, in this process.

    In the first, weights that are zero let no gradient through to those before them.
    """
    changes: dict[str, Any] = {
        "work_dir": str(root / "run"),
        "train_cfg": dict(_delete_=True, by_epoch=True, max_epochs=3),
        "param_scheduler": None,
        "strategy": dict(type="SingleDeviceStrategy", device="cpu"),
    }
    write = DATA.get(cfg.train_dataloader.dataset.type)
    for loader in LOADERS:
        changes |= {
            f"{loader}.batch_size": 4,
            f"{loader}.num_workers": 0,
            f"{loader}.persistent_workers": False,
            f"{loader}.dataset.indices": 4,
        }
        if write is not None:
            changes[f"{loader}.dataset.data_root"] = str(root)
        if cfg[loader].dataset.type == "CIFAR10":
            changes[f"{loader}.dataset.verify"] = False
    if cfg.model.backbone.get("pretrained"):  # no download
        changes["model.backbone.pretrained"] = False
    if write is not None:
        write(root)
    cfg.merge_from_dict(changes)
    return cfg


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_runs_a_step(name: str, tmp_path: Path) -> None:
    cfg = small(Config.fromfile(f"mmalpha::{name}"), tmp_path)
    runner = Runner.from_cfg(cfg)
    runner.model.init_weights()
    before = {key: value.clone() for key, value in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    learned = [name for name, each in runner.model.named_parameters() if each.requires_grad]
    assert all(not torch.equal(before[name], after[name]) for name in learned)
    metrics = runner.test()
    assert all(math.isfinite(each) for each in metrics.values() if isinstance(each, float))

    image = Image.fromarray(np.full((40, 50, 3), 128, np.uint8))
    image.save(tmp_path / "in.png")
    checkpoint = str(tmp_path / "run" / "epoch_3.pth")
    inferencer = INFERENCERS.build(
        {**cfg.inferencer, "_scope_": "mmalpha"},
        default_args={"model": cfg, "weights": checkpoint, "device": "cpu"},
    )
    (told,) = inferencer(str(tmp_path / "in.png"))["predictions"]
    assert set(told) in ({"class", "score"}, {"classes", "scores"})


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_exported(name: str, tmp_path: Path) -> None:
    cfg = small(Config.fromfile(f"mmalpha::{name}"), tmp_path)
    file, checkpoint = tmp_path / "model.onnx", tmp_path / "model.pth"
    known = {"classes": [str(number) for number in range(cfg.model.head.num_classes)]}
    state = {"state_dict": model_of(cfg).state_dict(), "meta": {"dataset_meta": known}}
    save_checkpoint(state, checkpoint)
    done = export_model(checkpoint, file, cfg)
    assert done.checked_on in ("8 images of the data", "4 images of the data")
    assert done.meta["input"]["shape"][0] == "N"
    assert done.note is None

    image = torch.randint(0, 256, done.meta["input"]["shape"][1:]).to(torch.uint8)
    found = [
        build_inferencer(each, cfg, "cpu")(image, return_datasamples=True, visualize=False)
        for each in (checkpoint, file)
    ]
    scores = [each["predictions"][0].pred_score for each in found]
    torch.testing.assert_close(scores[0], scores[1], atol=1e-4, rtol=1e-4)
