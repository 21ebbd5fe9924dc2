from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmbeta.visualization import Classes, contact_sheet, overlay

CLASSES = Classes.of({"classes": ("sky", "tree"), "palette": ((0, 0, 250), (0, 250, 0))})


def test_an_overlay_mixes_image_and_colors() -> None:
    image = torch.full((1, 64, 64), 100, dtype=torch.uint8)
    mask = torch.zeros(64, 64, dtype=torch.int64)
    mask[:, 32:] = 1
    picture = overlay(image, mask, CLASSES, alpha=0.6)
    factor = picture.shape[1] // 64
    assert factor >= 2
    assert picture.shape[0] > picture.shape[1]  # the legend is below
    assert picture[0, 0].tolist() == [40, 40, 190]
    assert picture[0, -1].tolist() == [40, 190, 40]
    assert picture[64 * factor - 1, 32 * factor].tolist() == [40, 190, 40]


def test_a_sheet_shows_images_and_masks() -> None:
    images = [torch.full((1, 50, 50), value, dtype=torch.uint8) for value in (10, 20, 30)]
    masks = [torch.zeros(50, 50), torch.ones(50, 50), torch.full((50, 50), 255)]
    sheet = contact_sheet(images, {"truth": [mask.byte() for mask in masks]}, CLASSES)
    pixels = {tuple(pixel) for pixel in sheet.reshape(-1, 3).tolist()}
    assert {(10, 10, 10), (20, 20, 20), (30, 30, 30), (0, 0, 250), (0, 250, 0)} <= pixels
    assert np.array_equal(sheet[0, 0], [255, 255, 255])


def test_a_large_image_stays_as_it_is() -> None:
    image = torch.zeros(3, 300, 400, dtype=torch.uint8)
    assert overlay(image, torch.zeros(300, 400).byte(), CLASSES).shape[1] == 400


def test_many_classes_take_several_lines() -> None:
    classes = Classes.of({"classes": [f"class {index}" for index in range(30)]})
    assert len(set(classes.colors)) == 30
    image, mask = torch.zeros(1, 200, 200).byte(), torch.zeros(200, 200).byte()
    few = overlay(image, mask, classes)
    many = overlay(image, torch.arange(40_000).reshape(200, 200) % 30, classes)
    assert many.shape[0] > few.shape[0] + 100


def test_a_palette_may_be_an_array() -> None:
    palette = ((0, 0, 250), (0, 250, 0))
    assert Classes.of({"classes": ("sky", "tree"), "palette": np.array(palette)}) == CLASSES
    nothing: list[Any] = [None, [], np.zeros((0, 3))]
    for none in nothing:
        made_up = Classes.of({"classes": ("sky", "tree"), "palette": none})
        assert len({*made_up.colors}) == 2
