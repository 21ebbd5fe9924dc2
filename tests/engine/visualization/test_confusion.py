"""Picture of a confusion matrix."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import torch

from engine.visualization import plot_confusion_matrix

MATRIX = np.array([[6, 2], [1, 3]])


@pytest.mark.parametrize(
    ("normalize", "factors"),
    [("true", [[1], [10]]), ("pred", [[1, 10]]), ("all", [[10]])],
)
def test_the_parts_are_of_a_true_class_of_a_predicted_one_or_of_all(
    normalize: Literal["true", "pred", "all"], factors: list[list[int]]
) -> None:
    parts = plot_confusion_matrix(MATRIX, ["a", "b"], normalize, "parts")
    assert parts.shape[2:] == (3,)
    assert parts.dtype == np.uint8
    scaled = MATRIX * np.array(factors)
    assert np.array_equal(plot_confusion_matrix(scaled, ["a", "b"], normalize, "parts"), parts)
    assert not np.array_equal(plot_confusion_matrix(scaled, ["a", "b"], normalize), parts)
    assert not np.array_equal(plot_confusion_matrix(scaled, ["a", "b"], None, "parts"), parts)


def test_a_matrix_may_be_a_tensor_or_lists_and_classes_have_numbers_else() -> None:
    expected = plot_confusion_matrix(MATRIX, ["0", "1"])
    for given in (torch.from_numpy(MATRIX), MATRIX.tolist()):
        assert np.array_equal(plot_confusion_matrix(given), expected)
    assert np.array_equal(plot_confusion_matrix(MATRIX, []), expected)


def test_many_classes_have_no_numbers_in_the_cells_and_very_many_no_names() -> None:
    def draw(size: int, **options: Any) -> Any:
        return plot_confusion_matrix(np.eye(size, dtype=int), **options)

    assert not np.array_equal(draw(20), draw(20, cells="parts"))
    assert np.array_equal(draw(21), draw(21, cells="parts"))
    names = [f"{number:03d}" for number in range(1, 102)]
    assert not np.array_equal(draw(100, classes=names[:100]), draw(100, classes=names[1:]))
    assert np.array_equal(draw(101, classes=names), draw(101, classes=names[::-1]))


def test_a_class_without_images_has_no_part() -> None:
    image = plot_confusion_matrix(np.zeros((2, 2), dtype=int), ["a", "b"])
    assert image.shape == plot_confusion_matrix(MATRIX, ["a", "b"]).shape


def test_what_is_no_confusion_matrix() -> None:
    with pytest.raises(ValueError, match=r"of 3 classes has the shape \(3, 3\); got \(2, 2\)"):
        plot_confusion_matrix(MATRIX, ["a", "b", "c"])
    with pytest.raises(ValueError, match=r"got \(1, 2\)"):
        plot_confusion_matrix([[1, 2]])
    with pytest.raises(ValueError, match="has a class at least"):
        plot_confusion_matrix([])
    wrong: Any = "rows"
    with pytest.raises(ValueError, match="normalize is 'true', 'pred', 'all' or None; got 'rows'"):
        plot_confusion_matrix(MATRIX, normalize=wrong)
