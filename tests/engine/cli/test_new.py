"""`engine new`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from engine import Config
from engine.cli import main
from engine.lint import check
from engine.runner import Runner

MakeLibrary = Callable[..., Path]

SMALL = "mmalpha::resnet18_finetune-small.py"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["new", *words])
    assert caught.value.code == status
    return capsys.readouterr()


def _images(*places: str, count: int = 4) -> None:
    for place in places:
        folder = Path("pets", place)
        folder.mkdir(parents=True)
        for number in range(count):
            mode = "L" if place.startswith("masks") else "RGB"
            Image.new(mode, (32, 32)).save(folder / f"{number}.png")


@pytest.mark.slow
def test_a_library_passes_its_own_tests(capsys: pytest.CaptureFixture[str]) -> None:
    _run(capsys, "library", "my_squares", "--author", 'A "B"', "--description", 'Finds "them".')
    for words in (["ruff", "check"], ["ruff", "format", "--check"], ["pytest", "-q"]):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd="my_squares",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_of_a_library(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(_run(capsys, "library", "my_squares", "--dir", "new", "--json")[0])
    assert made["folder"] == "new/my_squares"
    assert "src/my_squares/configs/squares.py" in made["files"]
    assert [*Path("new").iterdir()] == [Path("new/my_squares")]
    for file in made["files"]:
        assert "$" not in Path("new/my_squares", file).read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["My-Models"], "'My-Models' is no name of a package"),
        (["class"], "'class' is no name of a package"),
        (["../x"], "is no name of a package"),
        (["json"], "there is a package 'json' already"),
        (["mmalpha"], "there is a package 'mmalpha' already"),
        (["mine", "--author", "a\nb"], "the author is one line of text"),
        (["taken"], "taken is there already, and nothing is overwritten"),
    ],
)
def test_a_library_that_can_not_be(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    Path("taken").mkdir()
    assert message in _run(capsys, "library", *words, status=2)[1]
    assert [*Path().iterdir()] == [Path("taken")]


def test_a_config_for_images_trains(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _images("train/cat", "train/dog", "val/cat", "val/dog")
    out, err = _run(capsys, "config", "mine", "--data", "pets", "--base", SMALL)
    assert out.splitlines()[0] == "Wrote mine.py: 2 classes, cat, dog"
    cfg = Config.fromfile("mine.py")
    assert not err
    assert not check(cfg)
    assert cfg.model.head.num_classes == 2
    assert cfg.test_dataloader is None
    cfg.work_dir = str(tmp_path / "run")
    cfg.train_cfg.max_epochs = 1
    cfg.train_dataloader.batch_size = 4
    Runner.from_cfg(cfg).train()


def test_the_base_is_one_that_fits_the_images(capsys: pytest.CaptureFixture[str]) -> None:
    _images("train/cat", "val/cat", "test/cat")
    words = ["config", "mine.py", "--data", "pets", "--model", "timm.resnet18", "--json"]
    made = json.loads(_run(capsys, *words)[0])
    assert made["base"] == "mmalpha::resnet50_finetune-folder.py"
    assert made["errors"] == 0
    assert Config.fromfile("mine.py").model.backbone.type == "timm.resnet18"


def test_the_base_may_be_of_any_library_whatever_its_scope(
    capsys: pytest.CaptureFixture[str], make_library: MakeLibrary
) -> None:
    configs = make_library("pet_shop", "", scope="pets") / "pet_shop" / "configs"
    configs.mkdir()
    (configs / "resnet18_finetune-folder.py").write_text(f"_base_ = {SMALL!r}")
    _images("cat", "dog")
    tried = _run(capsys, "config", "mine", "--data", "pets", status=2)[1]
    assert "pet_shop::resnet18_finetune-folder.py" in tried


def test_images_with_masks(capsys: pytest.CaptureFixture[str]) -> None:
    places = [f"{kind}/{split}" for kind in ("images", "masks") for split in ("train", "val")]
    _images(*places)
    words = ["config", "mine", "--data", "pets"]
    assert "--classes background,road" in _run(capsys, *words, status=2)[1]
    made = json.loads(_run(capsys, *words, "--classes", "background,road", "--json")[0])
    assert made["base"].startswith("mmbeta::")
    cfg = Config.fromfile("mine.py")
    assert cfg.model.decode_head.num_classes == 2
    assert cfg.val_dataloader.dataset.metainfo.classes == ["background", "road"]


def test_a_config_that_can_not_be(capsys: pytest.CaptureFixture[str]) -> None:
    _images("cat", "dog")
    assert (
        "no config for fine-tuning fits the folders in pets"
        in (_run(capsys, "config", "mine", "--data", "pets", status=2)[1])
    )
    assert (
        f"pets does not fit {SMALL}"
        in (_run(capsys, "config", "mine", "--data", "pets", "--base", SMALL, status=2)[1])
    )
    assert "there is no folder nets" in _run(capsys, "config", "x", "--data", "nets", status=2)[1]
    Path("mine.py").touch()
    assert (
        "mine.py is there already"
        in (_run(capsys, "config", "mine", "--data", "pets", status=2)[1])
    )
