"""What the tests across packages share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.checkpoint import save_checkpoint
from engine.config import Config
from engine.runner import model_of


@pytest.fixture(scope="session")
def workspace() -> Path:
    """The folder of the repository."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def uv(workspace: Path) -> str:
    """The uv that runs the tests, or the one on PATH or in the workspace."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(workspace / ".uv" / "bin")))
    found = os.environ.get("UV") or shutil.which("uv", path=path)
    if found is None:
        pytest.skip("uv is not on PATH")
    return found


@pytest.fixture(scope="session")
def digits_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as a training leaves it, of a small network with fresh weights."""
    torch.manual_seed(0)
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    cfg.merge_from_dict({"model.backbone.base_channels": 16, "model.head.in_channels": 128})
    known = {"classes": [*"0123456789"]}
    meta = {"cfg": cfg.pretty_text, "epoch": 3, "iter": 9, "dataset_meta": known}
    history = [torch.tensor([0.5, 0.9375]), torch.tensor([1, 1])]
    logged = {"val/accuracy/top1": history, "val/time": history, "train/loss": history}
    path = tmp_path_factory.mktemp("run") / "epoch_3.pth"
    state = {"state_dict": model_of(cfg).state_dict(), "message_hub": {"log_scalars": logged}}
    save_checkpoint({"meta": meta, **state}, path)
    return path


@pytest.fixture
def digit_image(tmp_path: Path) -> Path:
    """An image of the size of those digits."""
    pixels = torch.arange(64, dtype=torch.uint8).reshape(8, 8).mul(4)
    Image.fromarray(pixels.numpy()).save(tmp_path / "image.png")
    return tmp_path / "image.png"
