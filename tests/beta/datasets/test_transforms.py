"""Transforms of an image and its mask together."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmbeta.datasets import PhotoMetricDistortion, RandomCrop, Resize
from mmbeta.registry import TRANSFORMS

SIDES = st.integers(1, 24)


def sample(height: int, width: int, channels: int = 1) -> dict[str, Any]:
    """Return a sample whose image has its own mask for each channel."""
    mask = torch.randint(256, (height, width), dtype=torch.uint8)
    return {"img": mask.repeat(channels, 1, 1), "gt_seg_map": mask.clone()}


@pytest.mark.parametrize(
    "config",
    [
        dict(type="RandomCrop", crop_size=(8, 6)),
        dict(type="RandomCrop", crop_size=(8, 6), cat_max_ratio=0.5),
        dict(type="RandomFlip", direction=["horizontal", "vertical", "diagonal"]),
        dict(type="Pad", size=(20, 16), pad_val=255),
        dict(type="Pad", size_divisor=8, pad_val=255),
        dict(type="torchvision.RandomVerticalFlip"),
    ],
    ids=lambda config: config["type"],
)
@given(height=SIDES, width=SIDES, seed=st.integers(0, 2**31))
def test_a_mask_moves_with_its_image(
    config: dict[str, Any], height: int, width: int, seed: int
) -> None:
    torch.manual_seed(seed)
    moved = TRANSFORMS.build(config)(sample(height, width))
    assert torch.equal(moved["img"][0], moved["gt_seg_map"])


@given(height=SIDES, width=SIDES, scale=st.tuples(SIDES, SIDES), keep_ratio=st.booleans())
def test_sizes(height: int, width: int, scale: tuple[int, int], keep_ratio: bool) -> None:
    resized = Resize(scale, keep_ratio)(sample(height, width))
    got = tuple(resized["gt_seg_map"].shape)
    assert resized["img"].shape == (1, *got)
    if not keep_ratio:
        assert got == (scale[1], scale[0])
    else:
        assert max(got) <= max(scale)
        assert min(got) <= max(min(scale), 1)


@given(seed=st.integers(0, 2**31))
def test_a_mask_gets_no_new_labels(seed: int) -> None:
    torch.manual_seed(seed)
    given_ = sample(12, 9)
    labels = set(given_["gt_seg_map"].flatten().tolist())
    resized = TRANSFORMS.build(dict(type="RandomResize", scale=(10, 14)))(given_)
    assert set(resized["gt_seg_map"].flatten().tolist()) <= labels


def test_a_crop_avoids_what_is_all_alike() -> None:
    torch.manual_seed(0)
    mask = torch.zeros(8, 400, dtype=torch.uint8)
    mask[:, 200:] = torch.arange(8, dtype=torch.uint8).unsqueeze(1)
    crop = RandomCrop((8, 8), cat_max_ratio=0.75)
    alike = [
        len(crop({"img": mask[None], "gt_seg_map": mask})["gt_seg_map"].unique()) == 1
        for _ in range(50)
    ]
    assert sum(alike) < 5  # of 25 without it


@given(channels=st.sampled_from([1, 3]), seed=st.integers(0, 2**31))
def test_colors_change_and_the_mask_does_not(channels: int, seed: int) -> None:
    given_ = sample(6, 5, channels)
    torch.manual_seed(seed)
    mask = given_["gt_seg_map"].clone()
    changed = PhotoMetricDistortion()(dict(given_))
    assert torch.equal(changed["gt_seg_map"], mask)
    assert changed["img"].shape == given_["img"].shape
    assert changed["img"].dtype == torch.uint8
    torch.manual_seed(seed)
    assert torch.equal(PhotoMetricDistortion()(dict(given_))["img"], changed["img"])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (dict(type="Resize", scale=3), "scale of Resize is a width and a height in pixels; got 3"),
        (
            dict(type="RandomResize", scale=(3, 3), ratio_range=(2, 1)),
            "ratio_range of RandomResize is the least and the largest factor",
        ),
        (
            dict(type="RandomCrop", crop_size=(3, 3), cat_max_ratio=0),
            "cat_max_ratio of RandomCrop is above 0, and at most 1; got 0",
        ),
        (dict(type="RandomFlip", prob=2), "prob of RandomFlip is 0 to 1; got 2"),
        (dict(type="RandomFlip", direction="up"), "direction of RandomFlip is one or several of"),
        (dict(type="Pad"), "give Pad either size or size_divisor; got None and None"),
    ],
)
def test_wrong_arguments_are_told(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(config)
