"""Short runs of the shipped configs, through the runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.config import Config
from engine.registry import INFERENCERS
from engine.runner import Runner
from mmbeta.datasets import DigitsCanvas
from mmbeta.hooks import PredictionsHook


@pytest.fixture(scope="module")
def cfg(tmp_path_factory: pytest.TempPathFactory) -> Config:
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    cfg.merge_from_dict(
        {
            "work_dir": str(tmp_path_factory.mktemp("run")),
            "train_dataloader.dataset.num_images": 24,
            "val_dataloader.dataset.num_images": 8,
            "test_dataloader.dataset.num_images": 8,
            "train_cfg.max_epochs": 1,
            "strategy": {"type": "SingleDeviceStrategy", "device": "cpu"},
        }
    )
    return cfg


@pytest.fixture(scope="module")
def trained(cfg: Config) -> Path:
    """The work directory of a training of one epoch."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    return Path(runner.work_dir)


def test_a_training_leaves_a_picture_of_its_masks(trained: Path) -> None:
    with Image.open(trained / "predictions.png") as picture:
        assert picture.width > 6 * 192  # six images side by side
    assert (trained / "curves.png").is_file()


def test_a_test_gives_the_metric_of_the_training_again(cfg: Config, trained: Path) -> None:
    (trained / "predictions.png").unlink()
    runner = Runner.from_cfg(cfg)
    runner.load_checkpoint(str(trained / "epoch_1.pth"), strict=True)
    again = runner.test()
    saved = torch.load(next(trained.glob("best_mIoU_*.pth")), weights_only=True)
    assert set(again) == {"mIoU", "mAcc", "aAcc"}
    assert again["mIoU"] == saved["message_hub"]["runtime_info"]["best_mIoU"]
    assert (trained / "predictions.png").is_file()


def test_a_prediction_of_an_image_file(cfg: Config, trained: Path, tmp_path: Path) -> None:
    image = DigitsCanvas("test", num_images=1).get_data_info(0)["img"]
    Image.fromarray(image[0].numpy()).save(tmp_path / "in.png")
    inferencer = INFERENCERS.build(
        {**cfg.inferencer, "_scope_": "mmbeta"},
        default_args={"model": cfg, "weights": str(trained / "epoch_1.pth"), "device": "cpu"},
    )
    from_file = inferencer(str(tmp_path / "in.png"))
    from_tensor = inferencer(image)
    assert from_file["predictions"] == from_tensor["predictions"]
    shares: dict[str, Any] = from_file["predictions"][0]
    assert set(shares) <= set(DigitsCanvas.METAINFO["classes"])
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    (picture,) = from_file["visualization"]
    assert picture.shape[1:] == (192, 3)


def test_a_picture_shows_some_image() -> None:
    with pytest.raises(ValueError, match="num_images of PredictionsHook is at least 1; got 0"):
        PredictionsHook(num_images=0)
