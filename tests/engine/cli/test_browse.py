"""`engine browse`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from engine.cli import main

CONFIG = """
import torch
from engine.dataset import BaseDataset
from engine.infer import read_image

class LoadImage:
    def __call__(self, results):
        return {**results, "img": read_image(results["img_path"])}

class Brighten:
    def __call__(self, results):
        return {**results, "img": results["img"].clamp(min=200)}

class Pack:
    def __call__(self, results):
        return {"inputs": results["img"], "data_samples": torch.tensor(results["gt_label"])}

def loader(split):
    dataset = dict(
        type=BaseDataset,
        ann_file=f"{split}.json",
        pipeline=[dict(type=LoadImage), dict(type=Brighten), dict(type=Pack)],
    )
    return dict(batch_size=2, dataset=dataset)

train_dataloader = loader("train")
val_dataloader = test_dataloader = loader("val")
"""


def _write_split(name: str, labels: dict[str, int]) -> None:
    entries = [{"img_path": path, "gt_label": label} for path, label in labels.items()]
    content = {"metainfo": {"classes": ["cat", "dog"]}, "data_list": entries}
    Path(f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The config of small images, with which nothing is wrong, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("pets.py").write_text(CONFIG)
    rng = np.random.default_rng(0)
    for name in "abcd":
        pixels = rng.integers(0, 100, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"{name}.png")
    _write_split("train", {"a.png": 0, "b.png": 1})
    _write_split("val", {"c.png": 1, "d.png": 1})
    return "pets.py"


def _browse(capsys: pytest.CaptureFixture[str], status: int, *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["browse", *words])
    output = capsys.readouterr()
    assert end.value.code == status, output.err
    return output.err if status == 2 else output.out


def test_counts_and_a_page(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in _browse(capsys, 0, config).splitlines()]
    assert lines[:2] == [["train:", "2", "samples"], ["val,", "test:", "2", "samples"]]
    assert lines[3:] == [["cat", "1", "0"], ["dog", "1", "2"], ["Wrote", "browse.png"]]
    page = imread("browse.png")[..., :3]
    shown = np.unique((page * 255).round().astype(np.uint8).reshape(-1, 3), axis=0)
    assert [200, 200, 200] in shown.tolist()  # what the transform makes of all that is darker


def test_what_is_wrong_is_told_with_the_files(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("b.png").write_bytes(Path("b.png").read_bytes()[:60])
    shutil.copy("a.png", "copy.png")
    Image.open("d.png").save("other.png", compress_level=0)
    assert Path("other.png").read_bytes() != Path("d.png").read_bytes()
    _write_split("train", {"a.png": 0, "b.png": 1, "c.png": 2, "d.png": -1})
    _write_split("val", {"copy.png": 0, "other.png": 1})
    printed = _browse(capsys, 1, config, "--out", "page.png")
    assert "train: b.png is damaged" in printed
    for line in (
        "train: c.png has the label 2, out of range: labels are 0 to 1",
        "train: d.png has the label -1, out of range: labels are 0 to 1",
        "val, test: copy.png is the same file as a.png of train",
        "val, test: other.png has the same pixels as d.png of train",
        "Wrote page.png",
    ):
        assert line in printed.splitlines()
    assert len([line for line in printed.splitlines() if ".png " in line]) == 5


def test_a_split_whose_data_are_missing_is_a_finding_unless_it_is_shown(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("val.json").unlink()
    printed = _browse(capsys, 1, config)
    assert "train: 2 samples\n" in printed
    for split in ("val", "test"):
        assert f"{split}: {split}_dataloader.dataset can't be built: " in printed
    assert "Error: " in _browse(capsys, 2, config, "--split", "test")


def test_json_holds_counts_and_findings(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    _write_split("train", {"a.png": 0, "b.png": 2})
    found = json.loads(_browse(capsys, 1, config, "--json", "--split", "test", "--out", "images"))
    assert found["files"] == ["images/test_0.png", "images/test_1.png"]
    assert all(Path(file).is_file() for file in found["files"])
    assert found["splits"]["train"]["counts"] == {"cat": 1, "2": 1}
    assert found["splits"]["test"] == found["splits"]["val"]
    assert [(each["kind"], each["split"], each["path"]) for each in found["findings"]] == [
        ("label", "train", "b.png")
    ]


def test_stages_have_a_column_for_each_transform(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _browse(capsys, 0, config, "--out", "one.png", "--count", "1")
    _browse(capsys, 0, config, "--out", "steps.png", "--count", "1", "--stages")
    steps = (imread("steps.png")[..., :3] * 255).round()
    dark = np.flatnonzero((steps < 100).all(2).sum(0) > 100)  # columns of the image as it is read
    bright = np.flatnonzero((steps == 200).all(2).sum(0) > 100)
    assert dark.max() < bright.min()
    assert steps.shape[1] > imread("one.png").shape[1]


def test_most_and_the_seed(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = _browse(capsys, 0, config, "--most", "1")
    assert "train: 2 samples; the counts are of 1 of them\n" in printed
    for seed, out in (("3", "x.png"), ("3", "y.png")):
        _browse(capsys, 0, config, "--seed", seed, "--count", "1", "--out", out)
    assert (imread("x.png") == imread("y.png")).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--split", "tast"], "there is no split 'tast'; there are train, val, test"),
        (["--out", "page.txt"], "--out must be a file *.png, or a folder; got page.txt"),
        (["--count", "0"], "Invalid value for '--count'"),
        (
            ["--stages", "--cfg-options", "train_dataloader.dataset.pipeline=[]"],
            "BaseDataset has no pipeline",
        ),
        (
            ["--cfg-options", "train_dataloader.dataset.pipeline=[]"],
            "sample 0 of train has no image: expected 'inputs', a tensor (C, H, W), or 'img'; "
            "it has img_path, gt_label, sample_idx",
        ),
        (
            ["--cfg-options", *(f"{each}_dataloader=None" for each in ("train", "val", "test"))],
            "the config has no dataset",
        ),
    ],
)
def test_a_users_mistake(
    config: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert message in _browse(capsys, 2, config, *words)
    assert not Path("browse.png").exists()
