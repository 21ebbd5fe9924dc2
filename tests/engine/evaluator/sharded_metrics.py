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
from engine.evaluator import BaseMetric, Evaluator, SumMetric

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


class Counts(SumMetric):
    """How many samples there are of each class that occurs, and how many in all."""

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        assert data_samples
        labels = torch.cat([sample["gt_label"].reshape(1) for sample in data_samples])
        return {"counts": labels.bincount(), "samples": len(labels), "halves": len(labels) / 2}

    def compute_values(self, sums: dict[str, torch.Tensor]) -> dict[str, Any]:
        assert dist.is_main_process()
        return {name: value.tolist() for name, value in sums.items()}


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Evaluate datasets of all lengths, whose last batches are filled up."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    dist.init_dist("pytorch", backend="gloo")
    try:
        for size in range(1, 8):
            for round_up in (True, False):
                _evaluate(size, round_up)
        _refuse()
    finally:
        torch.distributed.destroy_process_group()


def _evaluate(size: int, round_up: bool) -> None:
    generator = torch.Generator().manual_seed(size)
    scores = torch.rand(size, 4, generator=generator)
    labels = torch.randint(4, (size,), generator=generator)
    samples = [
        {"pred_score": score, "gt_label": label}
        for score, label in zip(scores, labels, strict=True)
    ]
    # Some process has none to give to a metric of torchmetrics where there are fewer samples.
    sees_all = round_up or size >= dist.get_world_size()
    evaluator = Evaluator([*[ACCURACY] * sees_all, Order(), Counts(), Counts("gpu", "again")])
    expected = multiclass_accuracy(scores, labels, 4, average="micro").item()
    counts = {"counts": labels.bincount().tolist(), "samples": size, "halves": size / 2}
    for _ in range(2):  # nothing is left of a former evaluation
        order = list(DefaultSampler(samples, shuffle=False, round_up=round_up))
        for start in range(0, len(order), 2):
            evaluator.process([samples[index] for index in order[start : start + 2]])
        values = evaluator.evaluate(size)
        if sees_all:
            assert values["MulticlassAccuracy"] == pytest.approx(expected)
        assert values["labels"] == labels.tolist()
        assert {name: values[name] for name in counts} == counts
        assert {name: values[f"again/{name}"] for name in counts} == counts
        assert dist.all_gather_object(values) == [values] * dist.get_world_size()


def _refuse() -> None:
    metric = Counts()
    with pytest.raises(ValueError, match="Counts has seen no samples"):
        metric.evaluate(3)
    for _ in range(3):
        metric.process(None, [{"gt_label": torch.tensor(1)}])
    with pytest.raises(ValueError, match="Counts can leave one repeated sample of a process out"):
        metric.evaluate(1)
