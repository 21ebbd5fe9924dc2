"""Boundary IoU and the Hausdorff distance, held against formulas and SciPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import directed_hausdorff
from torch import Tensor

from mmbeta.metrics import BoundaryIoUMetric, HausdorffMetric
from mmbeta.registry import METRICS

CLASSES = ("background", "cat", "dog")
SEEDS = st.integers(0, 2**31)


def value(
    name: str, truths: Sequence[Tensor], predictions: Sequence[Tensor], **options: Any
) -> Any:
    metric = METRICS.build(dict(type=f"mmbeta.{name}", **options))
    metric.dataset_meta = {"classes": CLASSES}
    for truth, prediction in zip(truths, predictions, strict=True):
        sample = {"gt_sem_seg": {"data": truth[None]}, "pred_sem_seg": {"data": prediction[None]}}
        metric.process(None, [sample])
    return metric.evaluate(len(truths))


def blobs(seed: int, side: int = 16) -> Tensor:
    """Return a mask of three classes with smooth outlines."""
    noise = np.random.default_rng(seed).normal(size=(3, side, side + 3))
    return torch.from_numpy(ndimage.gaussian_filter(noise, (0, 2, 2)).argmax(0))


@given(SEEDS, st.floats(0.02, 0.2))
def test_boundary_iou_is_the_formula_of_the_paper(seed: int, ratio: float) -> None:
    truth, predicted = blobs(seed), blobs(seed + 1)
    steps = max(1, round(ratio * math.hypot(*truth.shape)))

    def near(mask: Any) -> Any:  # as in the code of the paper: a mask without its erosion
        eroded = ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=steps)
        return mask & ~eroded

    expected = []
    for label in range(3):
        g, p = (near((mask == label).numpy()) for mask in (truth, predicted))
        if (g | p).any():
            expected.append((g & p).sum() / (g | p).sum())
    got = value("BoundaryIoUMetric", [truth], [predicted], dilation_ratio=ratio)
    assert got == {"mBoundaryIoU": pytest.approx(np.mean(expected))}


@given(SEEDS)
def test_a_boundary_as_wide_as_the_image_is_the_whole_mask(seed: int) -> None:
    truths, predictions = ([blobs(seed + i + k) for i in range(2)] for k in (0, 2))
    boundary = value("BoundaryIoUMetric", truths, predictions, dilation_ratio=1.0)
    assert boundary["mBoundaryIoU"] == pytest.approx(
        value("IoUMetric", truths, predictions)["mIoU"]
    )


def line(mask: Tensor) -> Tensor:
    """Return the places of the pixels that have one outside of the mask beside them."""
    inner = mask.numpy()
    for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
        moved = np.roll(mask.numpy(), shift, axis)
        edge = (0 if shift > 0 else -1, slice(None))
        moved[edge if axis == 0 else edge[::-1]] = False
        inner = inner & moved
    return (mask & ~torch.from_numpy(inner)).nonzero().double()


@given(SEEDS)
def test_the_whole_distance_is_that_of_scipy(seed: int) -> None:
    truth, predicted = blobs(seed), blobs(seed + 1)
    expected = []
    for label in range(3):
        lines = [line(mask == label).numpy() for mask in (truth, predicted)]
        if all(map(len, lines)):
            pairs = (lines, lines[::-1])
            expected.append(max(directed_hausdorff(*pair)[0] for pair in pairs))
        elif any(map(len, lines)):
            expected.append(math.hypot(*truth.shape))
    got = value("HausdorffMetric", [truth], [predicted], percentile=100)["HD100"]
    assert got == pytest.approx(np.mean(expected))


@given(SEEDS, st.sampled_from([50, 95, 100]))
def test_the_percentile_is_that_of_all_distances(seed: int, percentile: int) -> None:
    truth, predicted = blobs(seed), blobs(seed + 1)
    expected = []
    for label in range(3):
        lines = [line(mask == label) for mask in (truth, predicted)]
        if all(map(len, lines)):
            distances = torch.cdist(lines[0], lines[1])
            each = [distances.min(axis).values.numpy() for axis in (0, 1)]
            expected.append(max(np.percentile(values, percentile) for values in each))
        elif any(map(len, lines)):
            expected.append(math.hypot(*truth.shape))
    got = value("HausdorffMetric", [truth], [predicted], percentile=percentile)
    assert got[f"HD{percentile}"] == pytest.approx(np.mean(expected))


@given(SEEDS)
def test_the_truth_itself_is_perfect_and_ignored_pixels_do_not_count(seed: int) -> None:
    truth, predicted = blobs(seed), blobs(seed)
    hidden = torch.rand(truth.shape) < 0.1
    truth[hidden], predicted[hidden] = 255, 0
    assert value("BoundaryIoUMetric", [truth], [predicted])["mBoundaryIoU"] == 1
    assert value("HausdorffMetric", [truth], [predicted])["HD95"] == 0


def test_a_class_that_one_mask_alone_has_is_as_far_as_can_be() -> None:
    truth, predicted = torch.zeros(3, 4, dtype=torch.long), torch.ones(3, 4, dtype=torch.long)
    assert value("HausdorffMetric", [truth], [predicted])["HD95"] == 5


def test_wrong_options_and_labels() -> None:
    with pytest.raises(ValueError, match="dilation_ratio of BoundaryIoUMetric is positive"):
        BoundaryIoUMetric(0)
    with pytest.raises(ValueError, match="percentile of HausdorffMetric is above 0"):
        HausdorffMetric(0)
    mask = {"data": torch.zeros(1, 2, 2)}
    for name in ("BoundaryIoUMetric", "HausdorffMetric"):
        with pytest.raises(ValueError, match="a predicted mask has labels from 3 to 3"):
            value(name, [torch.zeros(2, 2)], [torch.full((2, 2), 3)])
        metric = METRICS.build(dict(type=f"mmbeta.{name}"))
        with pytest.raises(ValueError, match=f"{name} needs the names of the classes"):
            metric.process(None, [{"gt_sem_seg": mask, "pred_sem_seg": mask}])
