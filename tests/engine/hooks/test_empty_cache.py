"""When unused memory of the device is handed back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.hooks import EmptyCacheHook
from engine.runner import Runner

CfgMaker = Callable[..., Config]


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, 3 + 3 + 1),
        ({"before_epoch": True, "after_epoch": False}, 3 + 3 + 1),
        ({"after_iter": True}, (3 + 3 + 1) * (5 + 1)),
        ({"after_epoch": False}, 0),
    ],
)
def test_points(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], calls: int
) -> None:
    seen: Counter[str] = Counter()
    device = SimpleNamespace(empty_cache=lambda: seen.update(["empty"]), is_available=lambda: False)
    monkeypatch.setattr(torch, "get_device_module", lambda of: device)
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[{"type": "EmptyCacheHook", **options}]))
    runner.train()
    runner.test()
    assert seen["empty"] == calls


def test_a_point_that_is_not_wanted_costs_nothing() -> None:
    assert EmptyCacheHook(after_epoch=False).get_triggered_stages() == []
    assert EmptyCacheHook().get_triggered_stages() == [
        "after_train_epoch",
        "after_val_epoch",
        "after_test_epoch",
    ]


def test_the_host_has_nothing_to_hand_back(toy_cfg: CfgMaker) -> None:
    hook = EmptyCacheHook(True, True, True)
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[hook], strategy={"device": "cpu"}))
    runner.train()
    assert runner.epoch == 3
