"""Reading an image and its mask."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmbeta.datasets import (
    LoadAnnotations,
    LoadImageFromFile,
    PackSegInputs,
    Pad,
    PhotoMetricDistortion,
    RandomCrop,
    RandomFlip,
    Resize,
)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
@pytest.mark.filterwarnings("ignore:Truncated File Read")  # of Pillow, beside its error
def test_a_file_that_was_cut_short_is_named(tmp_path: Path, kind: str) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    Image.fromarray(np.arange(600, dtype=np.uint8).reshape(30, 20)).save(whole)
    content = whole.read_bytes()
    for size in range(0, len(content) - 24, max(1, len(content) // 80)):
        cut.write_bytes(content[:size])
        for load, key in ((LoadImageFromFile(), "img_path"), (LoadAnnotations(), "seg_map_path")):
            with pytest.raises(ValueError, match=rf"cut\.{kind} is (damaged|no (image|mask))"):
                load({key: str(cut)})


def load(tmp_path: Path, mask: Any, suffix: str = ".png", **options: Any) -> torch.Tensor:
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, mask)
    else:
        Image.fromarray(mask).save(path)
    loaded: torch.Tensor = LoadAnnotations(**options)({"seg_map_path": str(path)})["gt_seg_map"]
    return loaded


LABELS = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=4)


@given(LABELS)
def test_a_mask_is_the_same_in_every_form(labels: list[list[int]]) -> None:
    plain = np.array(labels, np.uint8)
    palette = np.array([[0, 0, 0], [250, 1, 2], [2, 1, 250], [9, 9, 9], [255, 255, 255]], np.uint8)
    hot = np.eye(5, dtype=np.uint8)[plain]
    forms: list[tuple[Any, str, dict[str, Any]]] = [
        (plain, ".png", {}),
        (plain.astype(np.uint16), ".png", {}),
        (plain.astype(np.int64), ".npy", {}),
        (palette[plain], ".png", dict(palette=palette.tolist())),
        (hot * 255, ".npy", dict(one_hot="classes")),
        (hot[..., 1:], ".npy", dict(one_hot="foreground")),
        (plain * 50, ".png", dict(label_map={50 * label: label for label in range(5)})),
    ]
    with TemporaryDirectory() as folder:
        for mask, suffix, options in forms:
            found = load(Path(folder), mask, suffix, **options)
            assert found.tolist() == labels, (suffix, options)


def test_the_map_of_labels(tmp_path: Path) -> None:
    mask = np.array([[0, 7, 255]], np.uint8)
    assert load(tmp_path, mask, label_map={255: 1, 7: 255}).tolist() == [[0, 255, 1]]
    assert load(tmp_path, mask, label_map={"255": 1}).tolist() == [[0, 7, 1]]  # as JSON has it
    signed = np.array([[-1, 70, 3]], np.int16)
    assert load(tmp_path, signed, ".npy", label_map={-1: 255}).tolist() == [[255, 70, 3]]
    with pytest.raises(ValueError, match=r"a\.npy has the labels -1; labels are from 0 to 65535"):
        load(tmp_path, signed, ".npy")
    with pytest.raises(TypeError, match="label_map is a dictionary of labels"):
        LoadAnnotations(label_map=[255])  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(ValueError, match="label_map has integers"):
        LoadAnnotations(label_map={"sky": 1})  # type: ignore[dict-item]  # likewise


def test_wrong_masks_of_colors_and_channels_are_told(tmp_path: Path) -> None:
    colors = np.array([[[0, 0, 0], [1, 2, 3]]], np.uint8)
    with pytest.raises(ValueError, match=r"colors that are not in the palette: \[1, 2, 3\]; list"):
        load(tmp_path, colors, palette=[[0, 0, 0]])
    listed = load(tmp_path, colors, palette=[[0, 0, 0], [1, 2, 3]], label_map={1: 255})
    assert listed.tolist() == [[0, 255]]
    for palette in ([[0, 0]], [[0, 0, 300]], [0, 0, 0]):
        with pytest.raises(ValueError, match="palette is a list of colors"):
            LoadAnnotations(palette=palette)  # type: ignore[arg-type]  # the last is the mistake
    with pytest.raises(ValueError, match="palette has one color twice"):
        LoadAnnotations(palette=[[1, 1, 1], [1, 1, 1]])
    both = np.ones((1, 2, 2), np.uint8)
    with pytest.raises(ValueError, match=r"a\.npy has 2 pixels in several channels"):
        load(tmp_path, both, ".npy", one_hot="foreground")
    with pytest.raises(ValueError, match=r"has pixels in no channel; .* one_hot='foreground'"):
        load(tmp_path, 0 * both, ".npy", one_hot="classes")
    with pytest.raises(ValueError, match=r"it has 2 channels of uint8; LoadAnnotations\(one_hot="):
        load(tmp_path, both, ".npy")
    with pytest.raises(ValueError, match="one_hot is 'classes', 'foreground' or None; got True"):
        LoadAnnotations(one_hot=True)  # type: ignore[arg-type]  # that is the mistake


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_transforms_keep_type_and_channels(tmp_path: Path, dtype: str, channels: int) -> None:
    rng = np.random.default_rng(0)
    image, mask = tmp_path / "image.npy", tmp_path / "mask.npy"
    np.save(image, rng.uniform(0, 200, (9, 8, channels)).astype(dtype))
    np.save(mask, rng.integers(0, 1000, (9, 8)).astype(np.int32))
    sample = {"img_path": str(image), "seg_map_path": str(mask)}
    for change in (
        LoadImageFromFile(),
        LoadAnnotations(),
        Resize((12, 10)),
        RandomFlip(1.0),
        RandomCrop((8, 9), cat_max_ratio=0.9),
        Pad(size_divisor=16),
        PackSegInputs(),
    ):
        sample = change(sample)
    packed: Any = sample
    assert packed["inputs"].dtype == getattr(torch, dtype)
    assert packed["inputs"].shape == (channels, 16, 16)
    assert packed["data_samples"].gt_sem_seg.data.dtype == torch.int32
    assert packed["inputs"].float().mean() > 10


def test_a_distortion_is_for_8_bits() -> None:
    with pytest.raises(
        TypeError, match=r"images of torch.uint8; got torch.float32. torchvision.Co"
    ):
        PhotoMetricDistortion()({"img": torch.zeros(3, 4, 4)})
