"""Files that a run needs and that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import lint
from engine.config import Config


def found(**keys: Any) -> list[tuple[str, str]]:
    cfg = {"model": {"type": "engine.model.BaseModel"}, "work_dir": "x", **keys}
    report = lint.check(Config(cfg))
    return [(each.path, each.message) for each in report.errors if each.kind == "missing-file"]


def test_checkpoints(tmp_path: Path) -> None:
    there, absent = tmp_path / "there.pth", tmp_path / "absent.pth"
    there.touch()
    message = f"there is no checkpoint {absent}"
    assert found(load_from=str(absent)) == [("load_from", message)]
    assert found(resume=str(absent)) == [("resume", message)]
    init = {"type": "Pretrained", "checkpoint": str(absent)}
    model = {"type": "engine.model.BaseModel", "parts": [{"init_cfg": init}]}
    assert found(model=model) == [("model.parts.0.init_cfg.checkpoint", message)]
    for name in (
        str(there),
        "https://nowhere/x.pth",
        "torchvision://resnet18",
        "s3://b/x.pth",
        None,
    ):
        assert found(load_from=name) == []
    assert found(resume=True) == []


@pytest.mark.parametrize("loader", ["train_dataloader", "val_dataloader", "test_dataloader"])
def test_annotation_files(tmp_path: Path, loader: str) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "there.json").touch()
    root = str(tmp_path)

    def told(**dataset: Any) -> list[tuple[str, str]]:
        wrapped = {"type": "RepeatDataset", "times": 2, "dataset": {"type": "X", **dataset}}
        return found(**{loader: {"batch_size": 1, "dataset": wrapped}})

    key = f"{loader}.dataset.dataset.ann_file"
    assert told(ann_file="a.json") == [(key, "there is no annotation file a.json")]
    assert told(ann_file="a.json", data_root=root) == [
        (key, f"there is no annotation file a.json in {root}")
    ]
    for there in (
        {"ann_file": f"{root}/ann/there.json"},
        {"ann_file": "ann/there.json", "data_root": root},
        {"ann_file": "there.json", "data_root": root, "data_prefix": {"ann": "ann"}},
        {"ann_file": "", "data_root": root},
        {"ann_file": "s3://bucket/a.json"},
        {"ann_file": "a.json", "data_root": "s3://bucket"},
        {"data_root": "nowhere"},
    ):
        assert told(**there) == []


def test_folders_of_data(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "left_1.png").touch()
    root = str(tmp_path)

    def told(**dataset: Any) -> list[tuple[str, str]]:
        cfg = {"train_dataloader": {"dataset": {"type": "X", **dataset}}}
        found = lint.check(Config(cfg)).warnings
        return [(each.path, each.message) for each in found if each.kind == "missing-folder"]

    start = "train_dataloader.dataset"
    assert told(data_root=f"{root}/no") == [(f"{start}.data_root", f"there is no folder {root}/no")]
    assert told(data_root=root, data_prefix={"img_path": "imges"}) == [
        (f"{start}.data_prefix.img_path", f"there is no folder {root}/imges")
    ]
    for prefix in ("images", "images/", "left_", "", f"{root}/images", "s3://bucket/images"):
        assert told(data_root=root, data_prefix={"img_path": prefix}) == []
    assert told(data_root="s3://bucket", data_prefix={"img_path": "x"}) == []
    assert told(data_root="no", backend_args={"backend": "lmdb"}) == []
