from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from engine.logging import get_logger
from mmalpha.metrics import Accuracy, AveragePrecision, PrecisionRecallF1

averages = st.sampled_from(["macro", "weighted", "micro"])


def fed(metric: PrecisionRecallF1, samples: list[dict[str, Any]], batch: int) -> dict[str, Any]:
    for start in range(0, len(samples), batch):
        metric.process(None, samples[start : start + batch])
    return metric.evaluate(len(samples))


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 6), st.integers(1, 9), averages)
def test_scikit_learn_says_the_same(
    seed: int, size: int, classes: int, batch: int, average: Any
) -> None:
    truth, predicted = np.random.default_rng(seed).integers(0, classes, (2, size))
    samples = [
        {"gt_label": torch.tensor([true]), "pred_label": torch.tensor([guess])}
        for true, guess in zip(truth.tolist(), predicted.tolist(), strict=True)
    ]
    labels = np.arange(max(truth.max(), predicted.max()) + 1)
    expected = precision_recall_fscore_support(
        truth, predicted, labels=labels, average=average, zero_division=0
    )
    values = fed(PrecisionRecallF1(average), samples, batch)
    assert list(values) == ["precision", "recall", "f1"]
    assert list(values.values()) == pytest.approx(expected[:3])


@given(
    st.integers(0, 2**31), st.integers(1, 30), st.integers(2, 6), averages, st.floats(0.05, 0.95)
)
def test_images_of_several_classes(
    seed: int, size: int, classes: int, average: Any, threshold: float
) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, 2, (size, classes)), rng.random((size, classes))
    samples = [
        {"gt_score": torch.tensor(true), "pred_score": torch.tensor(score)}
        for true, score in zip(truth, scores, strict=True)
    ]
    predicted = scores >= threshold
    expected = precision_recall_fscore_support(truth, predicted, average=average, zero_division=0)
    values = fed(PrecisionRecallF1(average, threshold, prefix="set"), samples, 7)
    assert list(values) == ["set/precision", "set/recall", "set/f1"]
    assert list(values.values()) == pytest.approx(expected[:3])


def test_the_log_tells_of_each_class(caplog: pytest.LogCaptureFixture) -> None:
    metric = PrecisionRecallF1()
    metric.dataset_meta = {"classes": ("cat", "elephant")}
    samples = [
        {"gt_label": torch.tensor([true]), "pred_label": torch.tensor([guess])}
        for true, guess in ((0, 0), (0, 1), (1, 1), (1, 1))
    ]
    get_logger().addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        fed(metric, samples, 4)
    assert caplog.messages[-1].splitlines() == [
        "class     precision  recall      f1  images",
        "cat          1.0000  0.5000  0.6667       2",
        "elephant     0.6667  1.0000  0.8000       2",
    ]


def test_there_is_no_other_average() -> None:
    with pytest.raises(ValueError, match="average is 'macro', 'weighted' or 'micro'; got 'mean'"):
        PrecisionRecallF1("mean")  # type: ignore[arg-type]  # that is the mistake


@given(st.integers(0, 2**31), st.integers(1, 12), st.booleans())
def test_a_class_that_is_nowhere_counts_as_zero(seed: int, size: int, is_scored: bool) -> None:
    truth, predicted = np.random.default_rng(seed).integers(0, 3, (2, size))
    metric = PrecisionRecallF1()
    samples: list[dict[str, Any]] = [
        {"gt_label": torch.tensor([true]), "pred_label": torch.tensor([guess])}
        for true, guess in zip(truth.tolist(), predicted.tolist(), strict=True)
    ]
    if is_scored:
        samples = [{**each, "pred_score": torch.rand(5)} for each in samples]
    else:
        metric.dataset_meta = dict(classes="abcde")
    expected = precision_recall_fscore_support(
        truth, predicted, average="macro", labels=range(5), zero_division=0
    )
    assert list(fed(metric, samples, 3).values()) == pytest.approx(expected[:3])


@pytest.mark.parametrize("metric", [Accuracy(), AveragePrecision(), PrecisionRecallF1()])
def test_scores_that_are_no_numbers_are_told(metric: Any) -> None:
    score = torch.tensor([0.5, float("nan")])
    label = torch.tensor([1])
    sample = {"gt_label": label, "pred_label": label, "pred_score": score}
    with pytest.raises(ValueError, match="the pred_score of 1 of 2 images in a batch is NaN"):
        metric.process(None, [sample, {**sample, "pred_score": torch.ones(2)}])
