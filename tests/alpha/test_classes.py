"""Classes of folders, over splits, checkpoints and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.config import Config
from engine.infer import build_inferencer
from engine.logging import get_logger
from engine.runner import Runner

_PIPELINE = [dict(type="LoadImageFromFile", color="gray"), dict(type="PackClsInputs")]


def _folder(root: Path, split: str, *classes: str) -> None:
    for number, name in enumerate(classes):
        (root / split / name).mkdir(parents=True)
        for index in range(2):
            Image.new("RGB", (8, 8), (40 * number, 9, 90)).save(
                root / split / name / f"{index}.png"
            )


def _cfg(root: Path) -> Config:
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    for split in ("train", "val", "test"):
        cfg[f"{split}_dataloader"] = dict(
            batch_size=4,
            dataset=dict(
                type="ImageFolder",
                data_root=str(root),
                split="train" if split == "train" else "val",
                pipeline=_PIPELINE,
            ),
            sampler=dict(type="DefaultSampler", shuffle=False),
        )
    changes = {
        "work_dir": str(root / "run"),
        "train_cfg": dict(max_epochs=1),
        "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
        "model.head.num_classes": 3,
        "model.backbone.base_channels": 8,
        "model.backbone.channels_last": False,
        "inferencer": dict(_delete_=True, type="ClsInferencer"),
    }
    changes["model.head.in_channels"] = 64
    cfg.merge_from_dict(changes)
    return cfg


def _numbers(dataset: Any) -> set[tuple[str, int]]:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {(Path(info["img_path"]).parent.name, info["gt_label"]) for info in infos}


def test_a_class_has_one_number_in_all_splits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _folder(tmp_path, "train", "a", "b", "c")
    _folder(tmp_path, "val", "a", "c")
    cfg = _cfg(tmp_path)
    runner = Runner.from_cfg(cfg)
    get_logger().addHandler(caplog.handler)
    runner.train()
    assert _numbers(runner.val_dataloader.dataset) == {("a", 0), ("c", 2)}
    assert "val has no samples of 1 of the 3 classes of the training data: b" in caplog.text

    weights = str(tmp_path / "run" / "epoch_1.pth")
    tested = Runner.from_cfg(Config({**cfg, "load_from": weights}))  # without training data
    tested.test()
    assert _numbers(tested.test_dataloader.dataset) == {("a", 0), ("c", 2)}

    inferencer = build_inferencer(weights, device="cpu")
    assert [*inferencer.dataset_meta["classes"]] == ["a", "b", "c"]
    result = inferencer([str(tmp_path / "val" / "c" / "0.png")], visualize=False)
    assert result["predictions"][0]["class"] in "abc"


def test_a_class_that_was_not_trained_is_named(tmp_path: Path) -> None:
    _folder(tmp_path, "train", "a", "b", "c")
    _folder(tmp_path, "val", "a", "d")
    runner = Runner.from_cfg(_cfg(tmp_path))
    with pytest.raises(ValueError, match="val has classes that the training data do not have: d"):
        runner.train()


def test_an_image_is_predicted_by_the_whole_pipeline_of_the_test(tmp_path: Path) -> None:
    _folder(tmp_path, "train", "a", "b", "c")
    _folder(tmp_path, "val", "a", "c")
    cfg = _cfg(tmp_path)
    cfg.test_dataloader.dataset.pipeline = [
        dict(type="LoadImageFromFile", color="gray"),
        dict(type="torchvision.Resize", size=(16, 16)),
        dict(type="torchvision.CenterCrop", size=12),
        dict(type="PackClsInputs"),
    ]
    cfg.inferencer = dict(type="ClsInferencer", color="rgb", size=(5, 5))  # for other pipelines
    runner = Runner.from_cfg(cfg)
    runner.train()
    inferencer: Any = build_inferencer(tmp_path / "run" / "epoch_1.pth", device="cpu")
    path = tmp_path / "val" / "c" / "0.png"
    seen = inferencer.preprocess_one(str(path))["inputs"]
    runner.test()
    expected = next(
        sample["inputs"]
        for sample in map(runner.test_dataloader.dataset.__getitem__, range(4))
        if sample["data_samples"].img_path == str(path)
    )
    assert seen.shape == (1, 12, 12)
    assert seen.equal(expected)
