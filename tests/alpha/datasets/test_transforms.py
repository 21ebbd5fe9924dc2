from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmalpha import DataSample
from mmalpha.datasets import LoadImageFromFile, PackClsInputs, RandomFlip, RandomShift


def test_an_image_is_loaded_from_its_file(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    results = {"img_path": str(tmp_path / "a.png"), "gt_label": 1}
    loaded = LoadImageFromFile()(dict(results))
    assert torch.equal(loaded["img"], torch.from_numpy(pixels).permute(2, 0, 1))
    assert loaded["gt_label"] == 1
    assert LoadImageFromFile("gray")(dict(results))["img"].shape == (1, 4, 5)
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    smaller = LoadImageFromFile(min_side=20)({"img_path": str(tmp_path / "a.jpg")})
    assert smaller["img"].shape == (3, 24, 32)


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_a_shift_moves_all_pixels_by_the_same_distance(max_shift: int, seed: int) -> None:
    random.seed(seed)
    image = torch.arange(1, 33, dtype=torch.uint8).reshape(2, 4, 4)
    moved = RandomShift(max_shift, fill=200)({"img": image})["img"]
    offsets = range(-max_shift, max_shift + 1)
    assert any(torch.equal(moved, _moved(image, dy, dx)) for dy in offsets for dx in offsets)


def _moved(image: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    moved = torch.full_like(image, 200)
    for y in range(4):
        for x in range(4):
            if 0 <= y - dy < 4 and 0 <= x - dx < 4:
                moved[:, y, x] = image[:, y - dy, x - dx]
    return moved


def test_all_shifts_occur() -> None:
    random.seed(0)
    image = torch.zeros(1, 5, 5, dtype=torch.uint8)
    image[0, 2, 2] = 1
    shift = RandomShift(1)
    places = {int(shift({"img": image})["img"].argmax()) for _ in range(300)}
    assert places == {5 * y + x for y in (1, 2, 3) for x in (1, 2, 3)}


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float32])
@pytest.mark.parametrize(("prob", "expected"), [(0.0, [1, 2, 3]), (1.0, [3, 2, 1])])
def test_a_flip_mirrors_left_to_right(prob: float, expected: list[int], dtype: torch.dtype) -> None:
    image = torch.tensor([[[1, 2, 3]]], dtype=dtype)
    mirrored = RandomFlip(prob)({"img": image})["img"]
    assert mirrored.dtype is dtype
    assert mirrored.flatten().tolist() == expected


def test_packing_hands_on_what_is_there() -> None:
    image = torch.rand(3, 2, 2).flip(-1)
    packed = PackClsInputs()({"img": image, "gt_label": 3, "img_path": "a.png", "other": 1})
    assert packed["inputs"].is_contiguous()
    assert torch.equal(packed["inputs"], image)
    sample = packed["data_samples"]
    assert isinstance(sample, DataSample)
    assert sample.gt_label.tolist() == [3]
    assert sample.metainfo == {"img_path": "a.png"}
    assert "gt_label" not in PackClsInputs()({"img": image})["data_samples"]
    scored = PackClsInputs()({"img": image, "gt_score": np.array([0, 1], np.uint8)})
    assert scored["data_samples"].gt_score.tolist() == [0.0, 1.0]


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="max_shift of RandomShift is at least 0; got -1"):
        RandomShift(-1)
    with pytest.raises(ValueError, match=r"prob of RandomFlip is 0 to 1; got 1\.5"):
        RandomFlip(1.5)
    with pytest.raises(
        ValueError, match="color of LoadImageFromFile is 'gray', 'rgb' or None; got 'b'"
    ):
        LoadImageFromFile("b")  # type: ignore[arg-type]  # that is the mistake
