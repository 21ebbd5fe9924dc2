"""The schedule that waits for a metric to stop improving."""

from __future__ import annotations

import math
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau

from engine.optim import ReduceOnPlateauLR, ReduceOnPlateauMomentum


def make_optimizer() -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)


@given(
    metrics=st.lists(st.floats(0, 2, width=16), max_size=30),
    mode=st.sampled_from(["min", "max"]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 2),
)
def test_the_steps_are_torchs(
    metrics: list[float],
    mode: Literal["min", "max"],
    threshold_mode: Literal["rel", "abs"],
    patience: int,
    cooldown: int,
) -> None:
    ours, theirs = make_optimizer(), make_optimizer()
    scheduler = ReduceOnPlateauLR(
        ours,
        monitor="score",
        rule={"min": "less", "max": "greater"}[mode],
        threshold_rule=threshold_mode,
        patience=patience,
        cooldown=cooldown,
        factor=0.5,
        threshold=0.125,
        min_value=0.01,
    )
    reference = ReduceLROnPlateau(
        theirs,
        mode=mode,
        threshold_mode=threshold_mode,
        patience=patience,
        cooldown=cooldown,
        factor=0.5,
        threshold=0.125,
        min_lr=0.01,
    )
    for metric in metrics:
        scheduler.step({"score": metric, "other": 0.0})
        reference.step(metric)
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]


@given(
    metrics=st.lists(st.floats() | st.integers(-2, 2), max_size=20),
    rule=st.sampled_from(["less", "greater"]),
    threshold_rule=st.sampled_from(["rel", "abs"]),
)
def test_the_best_is_the_best_of_the_numbers(
    metrics: list[float], rule: str, threshold_rule: str
) -> None:
    scheduler = ReduceOnPlateauLR(
        make_optimizer(), rule=rule, threshold=0.0, threshold_rule=threshold_rule
    )
    for metric in metrics:
        scheduler.step({"loss": metric})
    numbers = [metric for metric in metrics if not math.isnan(metric)]
    assert scheduler.best == (min if rule == "less" else max)(numbers, default=None)


@pytest.mark.parametrize("first", [float("nan"), float("inf")])
def test_a_first_value_that_is_no_number_blocks_none(first: float) -> None:
    optimizer = make_optimizer()
    scheduler = ReduceOnPlateauLR(optimizer, patience=1, factor=0.5)
    for loss in (first, 3.0, 2.0, 1.0, 0.5):
        scheduler.step({"loss": loss})
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_it_counts_only_between_begin_and_end() -> None:
    optimizer = make_optimizer()
    scheduler = ReduceOnPlateauMomentum(optimizer, factor=0.5, patience=0, begin=3, end=6)
    values = []
    for _ in range(8):
        scheduler.step({"loss": 1.0})
        values.append(optimizer.param_groups[0]["momentum"])
    assert values == pytest.approx([0.9, 0.9, 0.9, 0.45, 0.225, 0.225, 0.225, 0.225])


def test_a_missing_metric_is_an_error() -> None:
    scheduler = ReduceOnPlateauLR(make_optimizer(), monitor="mIoU")
    with pytest.raises(ValueError, match=r"monitors 'mIoU', .* aAcc, mAcc"):
        scheduler.step({"aAcc": 1.0, "mAcc": 1.0})
    with pytest.raises(ValueError, match="none"):
        scheduler.step()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor": 1.0}, "factor must be less than 1"),
        ({"rule": "min"}, "rule is 'less' or 'greater', not 'min'"),
        ({"threshold_rule": "x"}, "threshold_rule is 'rel' or 'abs'"),
        ({"by_epoch": False}, "by_epoch must be True"),
        ({"min_value": [0.1, 0.2]}, "min_value has 2 entries"),
    ],
)
def test_a_bad_option_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReduceOnPlateauLR(make_optimizer(), **options)
