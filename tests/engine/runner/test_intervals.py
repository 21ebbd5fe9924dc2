"""When a training validates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import Config
from engine.hooks import Hook
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class _Notes(Hook):
    """Notes after how many epochs and iterations a validation comes."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def before_val(self, runner: Runner) -> None:
        self.seen.append((runner.epoch, runner.iter))


def _validations(toy_cfg: CfgMaker, **train_cfg: Any) -> list[tuple[int, int]]:
    notes = _Notes()
    hooks = {"checkpoint": None, "curves": None}
    cfg = toy_cfg(train_cfg=train_cfg, custom_hooks=[notes], default_hooks=hooks)
    Runner.from_cfg(cfg).train()
    return notes.seen


def test_by_epoch(toy_cfg: CfgMaker) -> None:
    seen = _validations(
        toy_cfg, max_epochs=10, val_begin=2, val_interval=4, dynamic_intervals=[(5, 3), (8, 1)]
    )
    assert [epoch for epoch, _ in seen] == [4, 6, 8, 9, 10]


def test_by_iteration(toy_cfg: CfgMaker) -> None:
    seen = _validations(
        toy_cfg, by_epoch=False, max_iters=12, val_interval=5, dynamic_intervals=[(9, 1)]
    )
    assert [iteration for _, iteration in seen] == [5, 9, 10, 11, 12]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begin=st.integers(0, 6), interval=st.integers(1, 6), total=st.integers(1, 6))
def test_the_last_epoch_counts_always(
    toy_cfg: CfgMaker, begin: int, interval: int, total: int
) -> None:
    seen = _validations(toy_cfg, max_epochs=total, val_begin=begin, val_interval=interval)
    due = [each for each in range(1, total + 1) if each % interval == 0 or each == total]
    assert [epoch for epoch, _ in seen] == [each for each in due if each >= begin]


@pytest.mark.parametrize("intervals", [[(5, 1), (3, 2)], [(3, 0)], [(3, 1), (3, 2)]])
def test_mistakes(toy_cfg: CfgMaker, intervals: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="dynamic_intervals are pairs of a milestone, each"):
        _validations(toy_cfg, max_epochs=1, dynamic_intervals=intervals)
