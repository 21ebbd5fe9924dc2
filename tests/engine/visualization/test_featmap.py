"""Images of feature maps, and heat maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.visualization import Visualizer
from engine.visualization.utils import convert_overlay_heatmap

LOW, HIGH = [68, 1, 84], [253, 231, 37]  # the ends of viridis


def ramp() -> torch.Tensor:
    """A map whose values rise from left to right."""
    return torch.arange(6.0).expand(4, 6)


def test_a_heat_map_goes_from_the_least_to_the_greatest() -> None:
    heat = convert_overlay_heatmap(ramp() - 3)
    assert heat.shape == (4, 6, 3)
    assert heat[0, 0].tolist() == LOW
    assert heat[0, 5].tolist() == HIGH
    assert np.array_equal(heat, convert_overlay_heatmap(ramp()[None].numpy() * 7))
    assert (convert_overlay_heatmap(torch.ones(2, 2)) == LOW).all()


def test_a_heat_map_lies_over_an_image() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    heat = convert_overlay_heatmap(ramp(), image, alpha=0.75)
    assert heat[0, 5].tolist() == [63, 58, 9]
    assert np.array_equal(convert_overlay_heatmap(ramp(), image, alpha=1), image)
    with pytest.raises(ValueError, match=r"of \(4, 6\) can't lie over an image of \(5, 6, 3\)"):
        convert_overlay_heatmap(ramp(), np.zeros((5, 6, 3), np.uint8))
    with pytest.raises(ValueError, match=r"got \(2, 4, 6\)"):
        convert_overlay_heatmap(torch.zeros(2, 4, 6))


def test_channels_are_reduced() -> None:
    maps = torch.stack([ramp(), 2 * ramp(), ramp().flip(1)])
    mean = Visualizer.draw_featmap(maps.requires_grad_())
    assert np.array_equal(mean, convert_overlay_heatmap(maps.mean(0)))
    strongest = Visualizer().draw_featmap(maps, channel_reduction="select_max")
    assert np.array_equal(strongest, convert_overlay_heatmap(ramp()))


def test_the_size_is_that_of_the_image_or_what_is_asked_for() -> None:
    image = np.full((40, 60, 3), 200, np.uint8)
    maps = ramp()[None]
    assert Visualizer.draw_featmap(maps, image).shape == (40, 60, 3)
    assert Visualizer.draw_featmap(maps, resize_shape=(8, 12)).shape == (8, 12, 3)
    both = Visualizer.draw_featmap(maps, image, resize_shape=(20, 30), alpha=1)
    assert both.shape == (20, 30, 3)
    assert (both == 200).all()


def test_the_strongest_channels_stand_side_by_side() -> None:
    maps = torch.stack([weight * ramp().repeat(30, 20) for weight in (1, 5, 3)])
    sheet = Visualizer.draw_featmap(maps, channel_reduction=None, topk=2, arrangement=(2, 2))
    height, width = 120 + 20 + 6, 120 + 6
    assert sheet.shape == (2 * height + 6, 2 * width + 6, 3)
    first = sheet[26 : 26 + 120, 6 : 6 + 120]
    assert np.array_equal(first, convert_overlay_heatmap(maps[1]))
    assert (sheet[height + 6 :] == 255).all()
    titles = sheet[6:26]
    assert (titles[:, :width] < 200).any()
    assert (titles[:, width:] < 200).any()


def test_one_or_three_channels_are_a_picture() -> None:
    maps = torch.stack([ramp(), torch.zeros(4, 6), torch.full((4, 6), 5.0)])
    picture = Visualizer.draw_featmap(maps, channel_reduction=None, topk=-1)
    assert picture[0, 5].tolist() == [255, 0, 255]
    assert picture[0, 0].tolist() == [0, 0, 255]
    one = Visualizer.draw_featmap(maps[:1], channel_reduction=None, topk=-1)
    assert np.array_equal(one, convert_overlay_heatmap(maps[0]))
    image = np.zeros((4, 6, 3), np.uint8)
    over = Visualizer.draw_featmap(maps, image, channel_reduction=None, topk=-1, alpha=0.8)
    assert over[0, 5].tolist() == [51, 0, 51]


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((4, 6), {}, r"of shape \(C, H, W\), got \(4, 6\)"),
        ((2, 4, 6), {"channel_reduction": "max"}, "squeeze_mean or select_max or None, got 'max'"),
        ((2, 4, 6), {"channel_reduction": None, "topk": -1}, "of 2 channels is no image"),
        ((9, 4, 6), {"channel_reduction": None, "arrangement": (2, 4)},
         "2 rows of 4 have no place for 9 channels"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(shape: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Visualizer.draw_featmap(torch.zeros(shape), **options)
