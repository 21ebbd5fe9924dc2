"""Folders of images and masks, and Pascal VOC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmbeta.datasets import (
    BaseSegDataset,
    DigitsCanvas,
    LoadAnnotations,
    LoadImageFromFile,
    PascalVOCDataset,
    write_folder,
)
from mmbeta.datasets.voc import voc_palette
from mmbeta.registry import DATASETS

PIPELINE: list[Any] = [LoadImageFromFile("gray"), LoadAnnotations()]
CLASSES = ("sky", "road", "car")


def folder(root: Path, **changes: Any) -> BaseSegDataset:
    options = dict(
        data_root=str(root),
        data_prefix=dict(img_path="images", seg_map_path="masks"),
        metainfo=dict(classes=CLASSES),
        pipeline=PIPELINE,
    )
    return BaseSegDataset(**{**options, **changes})


def write(root: Path, name: str, mask: list[list[int]], suffix: str = ".jpg") -> None:
    labels = np.array(mask, np.uint8)
    for kind in ("images", "masks"):
        (root / kind / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*labels.shape, 3), 90, np.uint8)).save(root / f"images/{name}{suffix}")
    Image.fromarray(labels).save(root / f"masks/{name}.png")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    canvas = DigitsCanvas("train", 3)
    write_folder(canvas, tmp_path, "train")
    data = BaseSegDataset(
        data_root=str(tmp_path),
        data_prefix=dict(img_path="images/train", seg_map_path="masks/train"),
        img_suffix=".png",
        metainfo=canvas.metainfo,
        pipeline=PIPELINE,
    )
    assert len(data) == 3
    for index in range(3):
        sample, expected = data[index], canvas.get_data_info(index)
        assert torch.equal(sample["img"], expected["img"])
        assert torch.equal(sample["gt_seg_map"], expected["gt_seg_map"])
        assert sample["ori_shape"] == (64, 64)


def test_folders_within_and_lists(tmp_path: Path) -> None:
    for name in ("a", "town/b", "town/c"):
        write(tmp_path, name, [[0, 1], [2, 255]])
    assert [item["img_path"] for item in map(folder(tmp_path).get_data_info, range(3))] == [
        f"{tmp_path}/images/{name}.jpg" for name in ("a", "town/b", "town/c")
    ]
    (tmp_path / "few.txt").write_text("town/c\n\na\n")
    listed = folder(tmp_path, ann_file="few.txt")
    assert len(listed) == 2
    assert listed[0]["seg_map_path"].endswith("town/c.png")


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({}, [[0, 1, 2, 255]]),
        (dict(reduce_zero_label=True), [[255, 0, 1, 255]]),
        (dict(ignore_index=2), [[0, 1, 2, 255]]),
    ],
)
def test_labels(tmp_path: Path, changes: dict[str, Any], labels: list[list[int]]) -> None:
    write(tmp_path, "a", [[0, 1, 2, 255]])
    if changes.get("ignore_index") == 2:
        write(tmp_path, "a", [[0, 1, 2, 2]])
        labels = [[0, 1, 2, 2]]
        changes = dict(changes, metainfo=dict(classes=CLASSES[:2]))
    assert folder(tmp_path, **changes)[0]["gt_seg_map"].tolist() == labels


def test_the_names_of_classes_may_be_numbers(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 1]])
    assert folder(tmp_path, metainfo=dict(classes=[7, 8])).metainfo["classes"] == ("7", "8")
    with pytest.raises(ValueError, match="have one name twice: '7'"):
        folder(tmp_path, metainfo=dict(classes=[7, "7"]))


def test_some_of_the_classes(tmp_path: Path) -> None:
    for kind in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (tmp_path / kind).mkdir(parents=True)
    (tmp_path / "ImageSets/Segmentation/val.txt").write_text("x\n")
    Image.fromarray(np.zeros((1, 4, 3), np.uint8)).save(tmp_path / "JPEGImages/x.jpg")
    mask = Image.fromarray(np.array([[0, 8, 15, 255]], np.uint8))
    mask.putpalette([value for color in voc_palette(256) for value in color])
    mask.save(tmp_path / "SegmentationClass/x.png")
    cfg = dict(
        type="PascalVOCDataset",
        _scope_="mmbeta",
        data_root=str(tmp_path),
        split="val",
        pipeline=[dict(type="LoadImageFromFile"), dict(type="LoadAnnotations")],
    )
    whole: Any = DATASETS.build(cfg)
    assert whole[0]["gt_seg_map"].tolist() == [[0, 8, 15, 255]]
    assert whole[0]["img"].shape == (3, 1, 4)
    some: Any = DATASETS.build(dict(cfg, metainfo=dict(classes=("person", "background"))))
    assert some[0]["gt_seg_map"].tolist() == [[1, 255, 0, 255]]
    assert some.metainfo["palette"] == [(192, 128, 128), (0, 0, 0)]
    with pytest.raises(ValueError, match="PascalVOCDataset has no classes 'tree'; it has backgr"):
        PascalVOCDataset(str(tmp_path), "val", dict(classes=("tree",)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(metainfo=None), "BaseSegDataset needs the names of the classes"),
        (dict(img_suffix=".tif"), r"there is no image \*.tif in .*images; it has 2 files .jpg"),
        (dict(seg_map_suffix=".tif"), r"2 of 2 images in .* have no mask: a.jpg wants .*a.tif"),
    ],
)
def test_wrong_folders_are_told(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    for name in ("a", "b"):
        write(tmp_path, name, [[0, 1]])
    with pytest.raises(ValueError, match=message):
        folder(tmp_path, **changes)


def test_wrong_masks_are_told(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 7, 9]])
    data = folder(tmp_path)
    with pytest.raises(ValueError, match=r"a.png has the labels 7, 9; the dataset has 0 to 2"):
        data[0]
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "masks/a.png")
    with pytest.raises(ValueError, match=r"a.png has 2×3 pixels, but .*a.jpg has 1×3"):
        data[0]
    Image.fromarray(np.zeros((1, 3, 3), np.uint8)).save(tmp_path / "masks/a.png")
    with pytest.raises(ValueError, match=r"a.png is no mask: its pixels are RGB"):
        data[0]
    (tmp_path / "masks/a.png").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"a.png"):
        data[0]
    without = folder(tmp_path, data_prefix=dict(img_path="images"))
    with pytest.raises(ValueError, match="has no mask: data_prefix of the dataset has no seg_map"):
        without[0]
