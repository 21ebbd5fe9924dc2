"""What mmalpha does at points of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.config import Config
from engine.runner import Runner


def run(folder: Path, **changes: Any) -> Runner:
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    metrics = [dict(type="Accuracy"), dict(type="ConfusionMatrix", prefix="digits")]
    cfg.merge_from_dict(
        {
            "work_dir": str(folder),
            "model.backbone.base_channels": 16,
            "model.head.in_channels": 128,
            "train_cfg.max_epochs": 2,
            "train_cfg.val_interval": 1,
            "train_dataloader.dataset.indices": 64,
            "val_dataloader.dataset.indices": 40,
            "val_evaluator": metrics,
            "test_dataloader.dataset.indices": 30,
            "test_evaluator": metrics,
            "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
            "custom_hooks": [dict(type="ConfusionMatrixHook")],
            **changes,
        }
    )
    return Runner.from_cfg(cfg)


def test_each_validation_and_test_has_a_picture_of_its_matrix(tmp_path: Path) -> None:
    runner = run(tmp_path)
    runner.train()
    pictures = Path(runner.log_dir) / "vis_data" / "vis_image" / "val"
    assert sorted(path.name for path in pictures.iterdir()) == [
        "confusion_matrix_1.png",
        "confusion_matrix_2.png",
    ]
    newest = np.asarray(Image.open(tmp_path / "confusion_matrix.png"))
    np.testing.assert_array_equal(
        newest, np.asarray(Image.open(pictures / "confusion_matrix_2.png"))
    )
    (tmp_path / "confusion_matrix.png").unlink()
    matrix = np.array(runner.test()["digits/confusion_matrix"])
    assert matrix.shape == (10, 10)
    assert matrix.sum() == 30
    assert (tmp_path / "confusion_matrix.png").is_file()


def test_without_the_metric_it_says_so(tmp_path: Path) -> None:
    runner = run(tmp_path, test_evaluator=dict(type="Accuracy"))
    message = (
        r"ConfusionMatrixHook needs dict\(type='ConfusionMatrix'\) among the metrics of the te"
    )
    with pytest.raises(ValueError, match=message):
        runner.test()
