"""What a process of test_torchmetrics.py does: its share of an evaluation, with padding."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

import pytest
import torch
from torchmetrics.functional.classification import multiclass_accuracy

from engine import dist
from engine.dataset import DefaultSampler
from engine.evaluator import Evaluator

ACCURACY = dict(
    type="torchmetrics.classification.MulticlassAccuracy", num_classes=4, average="micro"
)


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Evaluate data sets of all lengths, whose last batches are filled up."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", backend="gloo")
    try:
        for size in range(1, 8):
            _evaluate(size)
    finally:
        torch.distributed.destroy_process_group()


def _evaluate(size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    scores = torch.rand(size, 4, generator=generator)
    labels = torch.randint(4, (size,), generator=generator)
    samples = [
        {"pred_score": score, "gt_label": label}
        for score, label in zip(scores, labels, strict=True)
    ]
    evaluator = Evaluator(ACCURACY)
    expected = multiclass_accuracy(scores, labels, 4, average="micro").item()
    for _ in range(2):  # nothing is left of a former evaluation
        order = list(DefaultSampler(samples, shuffle=False))
        for start in range(0, len(order), 2):
            evaluator.process([samples[index] for index in order[start : start + 2]])
        assert evaluator.evaluate(size) == {"MulticlassAccuracy": pytest.approx(expected)}
