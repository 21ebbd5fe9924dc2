from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from mmalpha.metrics import ConfusionMatrix, plot_confusion_matrix


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 6), st.integers(1, 9))
def test_scikit_learn_says_the_same(seed: int, size: int, classes: int, batch: int) -> None:
    truth, predicted = np.random.default_rng(seed).integers(0, classes, (2, size))
    metric = ConfusionMatrix()
    samples = [
        {
            "gt_label": torch.tensor([true]),
            "pred_label": torch.tensor([guess]),
            "pred_score": torch.zeros(classes),
        }
        for true, guess in zip(truth, predicted, strict=True)
    ]
    for start in range(0, size, batch):
        metric.process(None, samples[start : start + batch])
    expected = confusion_matrix(truth, predicted, labels=range(classes)).tolist()
    assert metric.evaluate(size) == {"confusion_matrix": expected}


def test_a_label_that_is_none_of_the_classes_is_told() -> None:
    metric = ConfusionMatrix()
    sample = {"gt_label": torch.tensor([2]), "pred_label": torch.tensor([0])}
    with pytest.raises(ValueError, match="there are labels from 0 to 2; expected 0 to 1"):
        metric.process(None, [{**sample, "pred_score": torch.zeros(2)}])


def shades(picture: Any, count: int) -> Any:
    """Return how dark the cells of a picture are, row by row, from 0 to 1.

    The axes are where the frame of the matrix is: the longest dark line of each direction.
    """
    dark = (picture.astype(int).sum(2) < 60).astype(int)
    rows, columns = np.flatnonzero(dark.sum(1) > 150), np.flatnonzero(dark.sum(0) > 150)
    top, bottom, left = rows[0], rows[-1], columns[0]
    right = columns[columns < left + (bottom - top) * 1.1][-1]
    height, width = (bottom - top) / count, (right - left) / count
    places = [(row + 0.25, column + 0.25) for row in range(count) for column in range(count)]
    values = [picture[int(top + y * height), int(left + x * width)] for y, x in places]
    return 1 - np.array(values, float).sum(1).reshape(count, count) / 765


@pytest.mark.parametrize("normalize", ["true", "pred", "all", None])
def test_the_picture_is_dark_where_the_part_is_large(normalize: Any) -> None:
    matrix = np.array([[8, 0, 2], [1, 40, 0], [3, 0, 1]])
    picture = plot_confusion_matrix(matrix, ("cat", "dog", "fox"), normalize)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    sums: Any = {
        "true": matrix.sum(1, keepdims=True),
        "pred": matrix.sum(0, keepdims=True),
        "all": matrix.sum(),
        None: 1,
    }[normalize]
    parts = (matrix / sums).ravel()
    found = shades(picture, 3).ravel()
    order = np.argsort(parts, kind="stable")
    assert (np.diff(found[order]) >= -0.02).all()
    assert found[order[-1]] > found[order[0]] + 0.5


@pytest.mark.parametrize("count", [1, 30, 150])
def test_any_number_of_classes(count: int) -> None:
    picture = plot_confusion_matrix(np.eye(count, dtype=int))
    assert 300 < picture.shape[0] < 2000


def test_the_cells_of_an_empty_row_are_those_of_nothing() -> None:
    found = shades(plot_confusion_matrix([[0, 0], [0, 3]]), 2)
    assert np.ptp(found.ravel()[:3]) < 0.02
    assert found[1, 1] > found[0, 0] + 0.5
    empty = plot_confusion_matrix(torch.zeros(2, 2, dtype=torch.int64), normalize=None)
    assert shades(empty, 2) == pytest.approx(np.full((2, 2), found[0, 0]), abs=0.02)


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match=r"of 3 classes has the shape \(3, 3\); got \(2, 2\)"):
        plot_confusion_matrix(np.eye(2, dtype=int), "abc")
    with pytest.raises(ValueError, match="normalize is 'true', 'pred', 'all' or None; got 'row'"):
        plot_confusion_matrix(np.eye(2, dtype=int), normalize="row")  # type: ignore[arg-type]  # that is the mistake
