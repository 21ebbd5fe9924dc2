"""Folders of images and masks, and Pascal VOC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.dataset import as_suffixes, split_suffix
from engine.logging import get_logger
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
    with pytest.raises(ValueError, match=r"a.png is a mask of colors; say which color"):
        data[0]
    (tmp_path / "masks/a.png").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"a.png"):
        data[0]
    without = folder(tmp_path, data_prefix=dict(img_path="images"))
    with pytest.raises(ValueError, match="has no mask: data_prefix of the dataset has no seg_map"):
        without[0]


NAMES = ("a.jpg", "town/b.JPG", "c.jpeg", "d.Png", "e.TIFF")


def touch(root: Path, kind: str, *names: str) -> None:
    for name in names:
        (root / kind / name).parent.mkdir(parents=True, exist_ok=True)
        (root / kind / name).write_bytes(b"")


def test_suffixes_are_found_in_any_case_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    get_logger().addHandler(caplog.handler)
    touch(tmp_path, "images", *NAMES, "notes.txt")
    touch(tmp_path, "masks", "a.png", "town/b.PNG", "c.png", "d.png", "x.png")
    data = folder(tmp_path)
    paths = [data.get_data_info(index) for index in range(len(data))]
    assert {Path(each["img_path"]).name: Path(each["seg_map_path"]).name for each in paths} == {
        "a.jpg": "a.png",
        "c.jpeg": "c.png",
        "b.JPG": "b.PNG",
    }
    images, masks = dict.fromkeys(caplog.messages)
    assert images.startswith(f"3 of 6 files in {tmp_path}/images are not used: 1 file .Png, 1 file")
    assert "(d.Png, e.TIFF, notes.txt); img_suffix is *.jpeg or *.jpg" in images
    assert masks.endswith("2 files .png (d.png, x.png); there is no image of that name")


@given(st.sets(st.sampled_from([f"{stem}{suffix}" for stem in "abc" for suffix in NAMES])))
def test_each_file_is_an_image_or_told(names: set[str]) -> None:
    suffixes = as_suffixes([".jpg", ".tiff"], "suffixes")
    for name in names:
        parts = split_suffix(name, suffixes)
        assert (parts is not None) == (name.lower().endswith((".jpg", ".tiff")))
        assert parts is None or "".join(parts) == name


def test_images_and_masks_in_one_folder(tmp_path: Path) -> None:
    touch(tmp_path, "both", "a.png", "a_mask.png", "b.PNG", "b_mask.png")
    data = folder(
        tmp_path,
        data_prefix=dict(img_path="both", seg_map_path="both"),
        img_suffix=".png",
        seg_map_suffix="_mask.png",
    )
    assert [Path(data.get_data_info(index)["img_path"]).name for index in range(2)] == [
        "a.png",
        "b.PNG",
    ]


def test_one_name_is_one_image(tmp_path: Path) -> None:
    touch(tmp_path, "images", "a.jpg", "a.JPEG")
    touch(tmp_path, "masks", "a.png")
    with pytest.raises(ValueError, match=r"masks has one mask for several images: a\.png"):
        folder(tmp_path)
    (tmp_path / "images/a.JPEG").unlink()
    touch(tmp_path, "masks", "a.PNG")
    with pytest.raises(ValueError, match=r"masks has two masks for one image: a\."):
        folder(tmp_path)
    (tmp_path / "few.txt").write_text("a.jpg\nz\n")
    with pytest.raises(FileNotFoundError, match=r"1 of the 2 images that .*few\.txt names are not"):
        folder(tmp_path, ann_file="few.txt")


def test_more_classes_than_8_bits_hold(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 0]])
    (tmp_path / "masks/a.png").unlink()
    Image.fromarray(np.array([[299, 1000]], np.uint16)).save(tmp_path / "masks/a.png")
    classes = [str(number) for number in range(300)]
    with pytest.raises(ValueError, match="ignore_index 255 is also the index of one of the 300"):
        folder(tmp_path, metainfo=dict(classes=classes))
    data = folder(tmp_path, metainfo=dict(classes=classes), ignore_index=1000)
    assert data[0]["gt_seg_map"].tolist() == [[299, 1000]]
    assert data[0]["gt_seg_map"].dtype == torch.int32


def test_masks_in_colors_take_the_palette_of_the_dataset(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 1]])
    palette = [[0, 0, 0], [128, 64, 128], [0, 0, 142]]
    colors = np.array([[[0, 0, 142], [128, 64, 128]]], np.uint8)
    Image.fromarray(colors).save(tmp_path / "masks/a.png")
    data = folder(tmp_path, metainfo=dict(classes=CLASSES, palette=palette))
    assert data[0]["gt_seg_map"].tolist() == [[2, 1]]
    with pytest.raises(ValueError, match=r"a\.png is a mask of colors; say which color each label"):
        folder(tmp_path)[0]


def test_labels_are_counted_as_the_pipeline_reads_them(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 255], [255, 0]])
    write(tmp_path, "b", [[0, 0], [0, 255]])
    plain = folder(tmp_path).count_labels(200)
    assert (plain.total, plain.seen, plain.counts) == (2, 2, {0: 5, 255: 3})
    assert plain.hint == (
        "37.5 % of the pixels have the label 255, which is ignored; "
        "LoadAnnotations(label_map={255: 1}) makes it a class"
    )
    mapped = [LoadImageFromFile("gray"), LoadAnnotations({255: 1})]
    found = folder(tmp_path, pipeline=mapped).count_labels(200)
    assert (found.counts, found.hint) == ({0: 5, 1: 3}, "")
    first = folder(tmp_path, pipeline=mapped).count_labels(1)
    assert (first.total, first.seen, first.counts) == (2, 1, {0: 2, 1: 2})
    without = folder(tmp_path, pipeline=[LoadImageFromFile("gray")])
    assert (without.count_labels(200).seen, without.labels_key(200)) == (0, None)


def test_masks_with_other_labels_are_faults(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 7]])
    write(tmp_path, "b", [[0, 1]])
    found = folder(tmp_path).count_labels(200)
    assert found.counts == {0: 1, 1: 1}
    assert len(found.faults) == 1
    assert "a.png has the labels 7; the dataset has 0 to 2, or 255" in found.faults[0]


def test_a_key_of_labels_changes_with_what_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a", [[0, 1]])
    write(tmp_path, "b", [[0, 1]])

    def key(most: int = 200, loading: LoadAnnotations | None = None, **changes: Any) -> str | None:
        pipeline = [LoadImageFromFile("gray"), loading or LoadAnnotations()]
        return folder(tmp_path, pipeline=pipeline, **changes).labels_key(most)

    keys = [
        key(),
        key(1),
        key(ignore_index=254),
        key(loading=LoadAnnotations({255: 1})),
        key(loading=LoadAnnotations(palette=[[0, 0, 0], [1, 1, 1]])),
        key(metainfo=dict(classes=("sky", "road"))),
    ]
    assert len(set(keys)) == len(keys)
    assert key() == keys[0]
    write(tmp_path, "b", [[0, 1, 2]])
    assert key() not in keys
    write(tmp_path, "c", [[0, 1]])
    assert key() not in keys


def test_labels_in_memory_are_counted_without_a_key() -> None:
    data = DigitsCanvas("test", 3)
    found = data.count_labels(2)
    assert (found.seen, sum(found.counts.values())) == (2, 2 * 64 * 64)
    assert data.labels_key(2) is None
