from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score

from mmalpha.metrics import Accuracy


def fed(metric: Accuracy, scores: torch.Tensor, labels: torch.Tensor, batch: int) -> Accuracy:
    samples: list[dict[str, Any]] = [
        {"pred_score": score, "gt_label": label.reshape(1)}
        for score, label in zip(scores, labels, strict=True)
    ]
    for start in range(0, len(samples), batch):
        metric.process(None, samples[start : start + batch])
    return metric


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(3, 8), st.integers(1, 7))
def test_scikit_learn_says_the_same(seed: int, size: int, classes: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(
        rng.permuted(np.tile(np.arange(classes) / classes, (size, 1)), axis=1)
    )
    labels = torch.from_numpy(rng.integers(0, classes, size))
    values = fed(Accuracy(topk=(1, 2)), scores, labels, batch).evaluate(size)
    for k in (1, 2):
        expected = top_k_accuracy_score(labels, scores, k=k, labels=range(classes))
        assert values[f"accuracy/top{k}"] == pytest.approx(expected)


def test_known_values() -> None:
    scores = torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    metric = fed(Accuracy(topk=(1, 3), prefix="a"), scores, torch.tensor([0, 1, 1, 1]), 3)
    assert metric.evaluate(4) == {"a/top1": 0.5, "a/top3": 1.0}


def test_a_constant_score_is_no_success() -> None:
    labels = torch.arange(10)
    values = fed(Accuracy(), torch.full((10, 10), 0.1), labels, 10).evaluate(10)
    assert values["accuracy/top1"] == pytest.approx(0.1)


def test_a_second_evaluation_starts_anew() -> None:
    metric = Accuracy()
    for label, expected in ((0, 1.0), (1, 0.0)):
        fed(metric, torch.tensor([[0.9, 0.1]]), torch.tensor([label]), 1)
        assert metric.evaluate(1) == {"accuracy/top1": expected}


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="topk is a number from 1 or several of them; got 0"):
        Accuracy(topk=0)
    with pytest.raises(ValueError, match=r"topk \(5,\) needs as many classes, but there are 2"):
        fed(Accuracy(topk=5), torch.rand(1, 2), torch.tensor([0]), 1)
