"""Labels of a sample, and maps of its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.structures import LabelData, PixelData


@given(labels=st.sets(st.integers(0, 9)))
def test_labels_and_one_hot_vectors_are_inverse(labels: set[int]) -> None:
    label = torch.tensor(sorted(labels), dtype=torch.long)
    onehot = LabelData.label_to_onehot(label, num_classes=10)
    assert onehot.tolist() == [int(number in labels) for number in range(10)]
    assert torch.equal(LabelData.onehot_to_label(onehot), label)


def test_bad_labels_are_errors() -> None:
    with pytest.raises(ValueError, match=r"from 0 to 2, got \[3\]"):
        LabelData.label_to_onehot(torch.tensor([3]), num_classes=3)
    with pytest.raises(ValueError, match="zeros and ones"):
        LabelData.onehot_to_label(torch.tensor([0, 2]))


def test_a_map_gets_a_channel() -> None:
    pixels = PixelData(data=torch.zeros(4, 6, dtype=torch.long), scores=np.zeros((3, 4, 6)))
    assert pixels.data.shape == (1, 4, 6)
    assert pixels.scores.shape == (3, 4, 6)
    assert pixels.shape == (4, 6)
    assert PixelData().shape is None


@pytest.mark.parametrize(
    ("region", "rows", "columns"),
    [
        ((slice(1, 3), slice(None)), slice(1, 3), slice(None)),
        ((2, -1), slice(2, 3), slice(5, 6)),
        ((slice(0, 4, 2), 0), slice(0, 4, 2), slice(0, 1)),
    ],
)
def test_a_region_is_cut_out_of_all_maps(region: Any, rows: slice, columns: slice) -> None:
    data = torch.arange(24).reshape(1, 4, 6)
    pixels = PixelData(metainfo={"img_id": 1}, data=data, scores=data.numpy())[region]
    assert torch.equal(pixels.data, data[:, rows, columns])
    assert np.array_equal(pixels.scores, data.numpy()[:, rows, columns])
    assert pixels.img_id == 1


@pytest.mark.parametrize(
    ("region", "error"), [(1, TypeError), ((1,), TypeError), ((4, 0), IndexError)]
)
def test_a_bad_region_is_an_error(region: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        PixelData(data=torch.zeros(4, 6))[region]


def test_bad_maps_are_errors() -> None:
    with pytest.raises(IndexError, match="no map yet"):
        PixelData()[0, 0]
    pixels = PixelData(data=torch.zeros(4, 6))
    with pytest.raises(ValueError, match=r"size \(4, 5\), but the other maps have \(4, 6\)"):
        pixels.scores = torch.zeros(2, 4, 5)
    with pytest.raises(ValueError, match=r"shape \(C, H, W\) or \(H, W\), got \(4,\)"):
        pixels.scores = torch.zeros(4)
    with pytest.raises(TypeError, match="must be a tensor or an array, not a list"):
        pixels.scores = [1]
