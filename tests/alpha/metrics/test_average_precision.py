from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from mmalpha.metrics import AveragePrecision, average_precision


def fed(samples: list[dict[str, Any]], batch: int) -> float:
    metric = AveragePrecision()
    for start in range(0, len(samples), batch):
        metric.process(None, samples[start : start + batch])
    value: float = metric.evaluate(len(samples))["mAP"]
    return value


def drawn(seed: int, size: int, classes: int, levels: int) -> npt.NDArray[np.float64]:
    """Scores, several of which are equal."""
    return np.random.default_rng(seed).integers(0, levels, (size, classes)) / levels


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 5), st.integers(2, 50))
def test_scikit_learn_says_the_same(seed: int, size: int, classes: int, levels: int) -> None:
    scores = drawn(seed, size, classes, levels)
    truth = np.random.default_rng(seed + 1).integers(0, 2, (size, classes))
    truth[0, 0] = 1
    samples = [
        {"gt_score": torch.tensor(true), "pred_score": torch.tensor(score)}
        for true, score in zip(truth, scores, strict=True)
    ]
    there = truth.any(0)
    expected = average_precision_score(truth[:, there], scores[:, there], average="macro")
    assert fed(samples, 7) == pytest.approx(expected)


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(2, 5))
def test_images_of_one_class(seed: int, size: int, classes: int) -> None:
    scores = drawn(seed, size, classes, 20)
    labels = np.random.default_rng(seed + 1).integers(0, classes, size)
    samples = [
        {"gt_label": torch.tensor([label]), "pred_score": torch.tensor(score)}
        for label, score in zip(labels, scores, strict=True)
    ]
    truth = np.eye(classes)[labels]
    there = truth.any(0)
    expected = average_precision_score(truth[:, there], scores[:, there], average="macro")
    assert fed(samples, 100) == pytest.approx(expected)


def test_known_values() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    assert average_precision(scores, torch.tensor([True, False, True, False])) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert average_precision(scores, torch.tensor([True, True, False, False])) == 1
    assert average_precision(torch.ones(4), torch.tensor([True, False, False, False])) == 0.25


def test_without_an_image_of_a_class_there_is_no_value() -> None:
    with pytest.raises(ValueError, match="needs an image of some class; there is none"):
        fed([{"gt_score": torch.zeros(2), "pred_score": torch.rand(2)}], 1)
