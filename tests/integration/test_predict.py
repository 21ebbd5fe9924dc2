"""`engine predict`, with a model that was trained across libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.cli import main
from engine.config import Config
from engine.runner import Runner


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of one epoch on a few digits."""
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    cfg.merge_from_dict(
        {
            "work_dir": str(tmp_path_factory.mktemp("run")),
            "train_cfg.max_epochs": 1,
            "strategy": {"device": "cpu"},
            "log_level": "ERROR",
            **{f"{name}_dataloader.dataset.indices": 50 for name in ("train", "val", "test")},
        }
    )
    Runner.from_cfg(cfg).train()
    return Path(cfg.work_dir, "epoch_1.pth")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for shade in (40, 200):
        Image.new("L", (20, 20), shade).save(folder / f"{shade}.png")
    return folder


def run(*words: object) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(["predict", *map(str, words)])
    return end.value.code


def test_one_image(
    checkpoint: Path, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "picture.png"
    assert run(checkpoint, images / "40.png", "--out", out, "--device", "cpu") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["class", "score"]
    assert lines[2] == f"Wrote {out}"
    with Image.open(out) as picture:
        assert picture.size[0] >= 224


def test_a_folder_of_images_with_another_config(
    checkpoint: Path, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config", "mmalpha::resnet18_digits.py", "--batch-size", 2, "--out", tmp_path]
    assert run(checkpoint, images, *words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(".png")][:2] == [
        str(images / "200.png"),
        str(images / "40.png"),
    ]
    assert {path.name for path in tmp_path.glob("*.png")} == {"40.png", "200.png"}


def test_mistakes(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(checkpoint, tmp_path / "no.png") == 2
    assert f"Error: there is no input {tmp_path / 'no.png'}" in capsys.readouterr().err
    (tmp_path / "x.txt").write_text("no image")
    assert run(checkpoint, tmp_path / "x.txt") == 2
    assert "x.txt is no image of a kind that Pillow reads" in capsys.readouterr().err
