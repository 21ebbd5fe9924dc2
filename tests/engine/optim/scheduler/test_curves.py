"""Every schedule against torch's own, or against its formula where torch has none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer, lr_scheduler

from engine import optim

# The schedules alone are looked at here: no optimizer takes a step.
pytestmark = pytest.mark.filterwarnings(r"ignore:.* was called before optimizer\.step")

BASE = (0.5, 0.02)
STEPS = 40


def make_optimizer() -> Optimizer:
    """An optimizer with two groups of different learning rates."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in BASE]
    return SGD(groups, lr=1.0, momentum=0.9)


def curve(scheduler: Any, steps: int = STEPS) -> list[list[float]]:
    """The values of both groups at each time."""
    values = []
    for _ in range(steps):
        values.append([group["lr"] for group in scheduler.optimizer.param_groups])
        scheduler.optimizer.step()
        scheduler.step()
    return values


def assert_same_curve(ours: list[list[float]], expected: list[list[float]]) -> None:
    assert len(ours) == len(expected)
    for step, (got, want) in enumerate(zip(ours, expected, strict=True)):
        assert got == pytest.approx(want, rel=1e-9, abs=1e-14), f"at step {step}"


PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "constant": (
        lambda o: optim.ConstantLR(o, factor=0.25, end=8),
        lambda o: lr_scheduler.ConstantLR(o, factor=0.25, total_iters=7),
    ),
    "linear": (
        lambda o: optim.LinearLR(o, start_factor=0.1, end_factor=0.7, end=12),
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.1, end_factor=0.7, total_iters=11),
    ),
    "exponential": (
        lambda o: optim.ExponentialLR(o, gamma=0.9),
        lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9),
    ),
    "step": (
        lambda o: optim.StepLR(o, step_size=7, gamma=0.3),
        lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.3),
    ),
    "milestones": (
        lambda o: optim.MultiStepLR(o, milestones=[20, 5, 5]),
        lambda o: lr_scheduler.MultiStepLR(o, milestones=[20, 5, 5]),
    ),
    "cosine": (
        lambda o: optim.CosineAnnealingLR(o, T_max=12, eta_min=0.001),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=12, eta_min=0.001),
    ),
    "restarts": (
        lambda o: optim.CosineRestartLR(
            o, periods=[6, 12, 24], restart_weights=[1, 1, 1], eta_min=0.01
        ),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=6, T_mult=2, eta_min=0.01),
    ),
    "poly": (
        lambda o: optim.PolyLR(o, power=0.9, end=31),
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=30, power=0.9),
    ),
}
for strategy in ("cos", "linear"):
    for three_phase in (False, True):
        PAIRS[f"one cycle {strategy} {three_phase}"] = (
            lambda o, s=strategy, t=three_phase: optim.OneCycleLR(  # type: ignore[misc]  # defaults
                o, eta_max=0.4, total_steps=STEPS + 1, anneal_strategy=s, three_phase=t
            ),
            lambda o, s=strategy, t=three_phase: lr_scheduler.OneCycleLR(  # type: ignore[misc]  # "
                o,
                max_lr=0.4,
                total_steps=STEPS + 1,
                anneal_strategy=s,
                three_phase=t,
                cycle_momentum=False,
            ),
        )


@pytest.mark.parametrize("name", PAIRS)
def test_the_curve_is_torchs(name: str) -> None:
    ours, theirs = PAIRS[name]
    assert_same_curve(curve(ours(make_optimizer())), curve(theirs(make_optimizer())))


def test_two_schedules_at_once_multiply() -> None:
    optimizer, reference = make_optimizer(), make_optimizer()
    ours = [optim.ExponentialLR(optimizer, gamma=0.9), optim.ConstantLR(optimizer, 0.1, end=5)]
    theirs = lr_scheduler.ChainedScheduler(
        [
            lr_scheduler.ExponentialLR(reference, gamma=0.9),
            lr_scheduler.ConstantLR(reference, 0.1, total_iters=4),
        ]
    )
    for _ in range(10):
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx(theirs.get_last_lr())
        optimizer.step()
        reference.step()
        for scheduler in ours:
            scheduler.step()
        theirs.step()


def test_warm_up_then_cosine() -> None:
    optimizer = make_optimizer()
    schedulers = [
        optim.LinearLR(optimizer, start_factor=0.1, begin=0, end=5),
        optim.CosineAnnealingLR(optimizer, T_max=15, eta_min_ratio=0.01, begin=5, end=20),
    ]
    expected = [0.1 + 0.9 * t / 4 for t in range(5)]
    expected += [0.01 + 0.99 * (1 + math.cos(math.pi * t / 15)) / 2 for t in range(15)]
    expected += expected[-1:] * 3
    for factor in expected:
        values = [group["lr"] for group in optimizer.param_groups]
        assert values == pytest.approx([factor * base for base in BASE])
        for scheduler in schedulers:
            scheduler.step()


def test_poly_comes_down_to_its_limit() -> None:
    values = curve(optim.PolyLR(make_optimizer(), eta_min=0.01, power=2.0, begin=2, end=12))
    for step, (first, second) in enumerate(values):
        remaining = 1 - min(max(step - 2, 0), 9) / 9
        assert first == pytest.approx(0.01 + 0.49 * remaining**2)
        assert second == pytest.approx(0.01 + 0.01 * remaining**2)


def test_restart_weights_and_the_time_after_the_periods() -> None:
    scheduler = optim.CosineRestartLR(make_optimizer(), periods=[4, 2], restart_weights=[1, 0.5])
    first = [values[0] for values in curve(scheduler, 8)]
    cosine = [(1 + math.cos(math.pi * t / 4)) / 2 for t in range(4)]
    assert first == pytest.approx([0.5 * c for c in cosine] + [0.25, 0.125, 0, 0], abs=1e-15)


def test_each_restart_begins_at_its_part_of_the_base_value() -> None:
    options: dict[str, Any] = {"periods": [3, 4], "restart_weights": [1, 0.5], "eta_min": 0.01}
    scheduler = optim.CosineRestartLR(make_optimizer(), **options)
    base = scheduler.base_values[0]
    cosine = [(1 + math.cos(math.pi * t / 4)) / 2 for t in range(4)]
    expected = [0.01 + (0.5 * base - 0.01) * each for each in cosine]
    assert [values[0] for values in curve(scheduler, 7)][3:] == pytest.approx(expected)


def test_a_factor_of_zero_is_left_again() -> None:
    values = curve(optim.ConstantLR(make_optimizer(), factor=0, end=4), 5)
    assert [first for first, _ in values] == [0, 0, 0, 0.5, 0.5]


def test_defaults_follow_the_end() -> None:
    cosine = curve(optim.CosineAnnealingLR(make_optimizer(), begin=3, end=13), 14)
    assert_same_curve(cosine[3:13], curve(optim.CosineAnnealingLR(make_optimizer(), T_max=10), 10))
    cycle = curve(optim.OneCycleLR(make_optimizer(), eta_max=0.4, end=9), 11)
    assert max(first for first, _ in cycle) == pytest.approx(0.4, rel=0.05)
    assert cycle[8] == cycle[10] == pytest.approx([0.4 / 25 / 1e4] * 2)
