"""What a process of test_sums.py does: its share of evaluations by metrics that are sums."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from engine import dist
from engine.dataset import DefaultSampler
from engine.evaluator import Evaluator

CLASSES = ("a", "b", "c", "d")
METRICS: list[dict[str, Any]] = [
    dict(type="mmalpha.Accuracy", topk=(1, 3)),
    dict(type="mmalpha.ConfusionMatrix"),
    dict(type="mmalpha.PrecisionRecallF1"),
    dict(type="mmalpha.PrecisionRecallF1", threshold=0.5, prefix="several"),
    dict(type="mmbeta.IoUMetric", iou_metrics=["mIoU", "mDice", "mFscore"]),
    dict(type="mmbeta.BoundaryIoUMetric"),
]
CASES = st.tuples(st.integers(1, 9), st.integers(1, 4), st.booleans(), st.integers(0, 2**31))


def main(rank: int, variables: Mapping[str, str]) -> None:
    """Evaluate many datasets, first alone and then with the others."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    cases: list[tuple[int, int, bool, int]] = []

    @seed(0)
    @settings(max_examples=40, database=None, deadline=None)
    @given(CASES)
    def collect(case: tuple[int, int, bool, int]) -> None:
        cases.append(case)

    collect()
    alone = [_evaluate(*case) for case in cases]
    dist.init_dist("pytorch", backend="gloo")
    try:
        for case, expected in zip(cases, alone, strict=True):
            # As text, so that a value that is not a number is equal to itself.
            assert repr(_evaluate(*case)) == repr(expected), case
    finally:
        torch.distributed.destroy_process_group()


def _evaluate(size: int, batch_size: int, round_up: bool, number: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(number)
    samples = [_sample(generator) for _ in range(size)]
    evaluator = Evaluator(METRICS)
    evaluator.dataset_meta = {"classes": CLASSES}
    order = [*DefaultSampler(samples, shuffle=True, seed=number, round_up=round_up)]
    for start in range(0, len(order), batch_size):
        evaluator.process([samples[index] for index in order[start : start + batch_size]])
    return evaluator.evaluate(size)


def _sample(generator: torch.Generator) -> dict[str, Any]:
    def draw(*shape: int) -> torch.Tensor:
        return torch.randint(len(CLASSES), shape, generator=generator)

    score = torch.rand(len(CLASSES), generator=generator)
    return {
        "gt_label": draw(1),
        "pred_score": score,
        "pred_label": score.argmax().reshape(1),
        "gt_score": (draw(4) > 1).float(),
        "gt_sem_seg": {"data": draw(1, 3, 4)},
        "pred_sem_seg": {"data": draw(1, 3, 4)},
    }
