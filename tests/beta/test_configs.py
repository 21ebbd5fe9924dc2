"""Each shipped config builds and runs a step."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import mmbeta
from engine.checkpoint import save_checkpoint
from engine.config import Config
from engine.infer import build_inferencer, export_model
from engine.runner import Runner, model_of
from mmbeta.datasets import DigitsCanvas, write_folder
from mmbeta.datasets.voc import voc_palette

FOLDER = Path(mmbeta.__file__).with_name("configs")
CONFIGS = sorted(path.name for path in FOLDER.glob("*.py"))
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
SIDE = 64


def _write_folder(root: Path) -> None:
    write_folder(DigitsCanvas("train", 4), root, "train")
    for split in ("val", "test"):
        write_folder(DigitsCanvas("test", 2), root, split)


def _write_voc(root: Path) -> None:
    rng = np.random.default_rng(0)
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for split, names in (("train", ("a", "b", "c", "d")), ("val", ("e", "f"))):
        (root / f"ImageSets/Segmentation/{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            pixels = rng.integers(0, 256, (50, 70, 3), np.uint8)
            Image.fromarray(pixels).save(root / f"JPEGImages/{name}.jpg")
            mask = Image.fromarray(rng.choice([0, 1, 20, 255], (50, 70)).astype(np.uint8))
            mask.putpalette([value for color in voc_palette(256) for value in color])
            mask.save(root / f"SegmentationClass/{name}.png")


DATA: dict[str, Callable[[Path], None]] = {
    "BaseSegDataset": _write_folder,
    "PascalVOCDataset": _write_voc,
}


def small(cfg: Config, root: Path) -> Config:
    """Make a config run two steps on a few images, in this process."""
    changes: dict[str, Any] = {
        "work_dir": str(root / "run"),
        "train_cfg": dict(_delete_=True, by_epoch=True, max_epochs=2),
        "param_scheduler": None,
        "default_hooks.checkpoint.by_epoch": True,
        "default_hooks.checkpoint.interval": 1,
        "strategy": dict(type="SingleDeviceStrategy", device="cpu"),
        "train_dataloader.sampler": dict(type="DefaultSampler", shuffle=True),
    }
    write = DATA.get(cfg.train_dataloader.dataset.type)
    for loader in LOADERS:
        changes |= {
            f"{loader}.batch_size": 4 if loader == "train_dataloader" else 2,
            f"{loader}.num_workers": 0,
            f"{loader}.persistent_workers": False,
        }
        changes[f"{loader}.dataset.{'num_images' if write is None else 'data_root'}"] = (
            4 if write is None else str(root)
        )
    if write is _write_folder:  # whose classes are those of the digits
        changes["model.decode_head.num_classes"] = len(DigitsCanvas.METAINFO["classes"])
        for loader in LOADERS:
            changes[f"{loader}.dataset.metainfo"] = dict(DigitsCanvas.METAINFO)
    if cfg.model.data_preprocessor.get("size") == (512, 512):  # photos are ten times as large
        changes["model.data_preprocessor.size"] = (SIDE, SIDE)
        if "test_cfg" in cfg.model:
            changes["model.test_cfg"] = dict(crop_size=(SIDE, SIDE), stride=(48, 48))
        pipeline = cfg.train_dataloader.dataset.pipeline
        for index, each in enumerate(pipeline):
            if each.type == "RandomResize":
                changes[f"train_dataloader.dataset.pipeline.{index}.scale"] = (128, SIDE)
            if each.type == "RandomCrop":
                changes[f"train_dataloader.dataset.pipeline.{index}.crop_size"] = (SIDE, SIDE)
        for loader in LOADERS[1:]:
            changes[f"{loader}.dataset.pipeline.1.scale"] = (128, SIDE)
    if cfg.model.backbone.get("pretrained"):  # no download
        changes["model.backbone.pretrained"] = False
    if "convnext" in cfg.model.backbone.type:  # its usual scale of a layer hides what a step does
        changes["model.backbone.ls_init_value"] = 1.0
    if write is not None:
        write(root)
    cfg.merge_from_dict(changes)
    return cfg


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_runs_a_step(name: str, tmp_path: Path) -> None:
    cfg = small(Config.fromfile(f"mmbeta::{name}"), tmp_path)
    runner = Runner.from_cfg(cfg)
    runner.model.init_weights()
    before = {key: value.clone() for key, value in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    learned = [key for key, each in runner.model.named_parameters() if each.requires_grad]
    same = [key for key in learned if torch.equal(before[key], after[key])]
    assert same == []
    metrics = runner.test()
    assert all(math.isfinite(each) for each in metrics.values() if isinstance(each, float))

    pixels = np.full((40, 50, 3), 128, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    infer: Any = build_inferencer(tmp_path / "run" / "epoch_2.pth", device="cpu")
    result = infer(str(tmp_path / "in.png"))
    (told,) = result["predictions"]
    assert set(told) <= set(infer.classes.names)
    assert sum(told.values()) == pytest.approx(1, abs=1e-3)
    assert result["visualization"][0].ndim == pixels.ndim


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_exported(name: str, tmp_path: Path) -> None:
    cfg = small(Config.fromfile(f"mmbeta::{name}"), tmp_path)
    file, checkpoint = tmp_path / "model.onnx", tmp_path / "model.pth"
    save_checkpoint({"state_dict": model_of(cfg).state_dict()}, checkpoint)
    done = export_model(checkpoint, file, cfg)
    shape = done.meta["input"]["shape"]
    assert done.meta["outputs"]["logits"]["shape"] == ["N", 21 if "voc" in name else 11, *shape[2:]]
    assert done.note is None

    image = torch.randint(0, 256, shape[1:]).to(torch.uint8)
    found = [
        build_inferencer(each, cfg, "cpu")(image, return_datasamples=True, visualize=False)
        for each in (checkpoint, file)
    ]
    masks = [each["predictions"][0].pred_sem_seg.data for each in found]
    assert (masks[0] == masks[1]).float().mean() > 0.999  # but for pixels between two classes
