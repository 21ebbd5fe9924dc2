"""What a process of test_torchmetrics.py does: its share of an evaluation, with padding."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torchmetrics.functional.classification import multiclass_accuracy

from engine import dist
from engine.dataset import DefaultSampler
from engine.evaluator import BaseMetric, Evaluator

ACCURACY = dict(
    type="torchmetrics.classification.MulticlassAccuracy", num_classes=4, average="micro"
)


class Order(BaseMetric):
    """The results themselves, which the first process alone puts together."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [sample["gt_label"].item() for sample in data_samples]

    def compute_metrics(self, results: list[int]) -> dict[str, Any]:
        assert dist.is_main_process()
        return {"labels": results, "secret": secrets.token_hex()}


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Evaluate datasets of all lengths, whose last batches are filled up."""
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
    evaluator = Evaluator([ACCURACY, Order()])
    expected = multiclass_accuracy(scores, labels, 4, average="micro").item()
    for _ in range(2):  # nothing is left of a former evaluation
        order = list(DefaultSampler(samples, shuffle=False))
        for start in range(0, len(order), 2):
            evaluator.process([samples[index] for index in order[start : start + 2]])
        values = evaluator.evaluate(size)
        assert values["MulticlassAccuracy"] == pytest.approx(expected)
        assert values["labels"] == labels.tolist()
        assert dist.all_gather_object(values) == [values] * dist.get_world_size()
