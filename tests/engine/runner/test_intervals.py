"""When a training validates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import BatchSampler, DataLoader

from engine.config import Config
from engine.hooks import Hook
from engine.runner import Runner
from engine.runner._train_loops import calc_dynamic_intervals

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


@pytest.mark.parametrize(
    ("total", "begin", "interval", "expected"),
    [
        (6, 1, 2, [2, 4, 6]),
        (5, 1, 2, [2, 4, 5]),  # the last one is no multiple
        (5, 4, 1, [4, 5]),
        (5, 0, 3, [3, 5]),
        (3, 4, 1, [3]),  # the first one would come after the end
        (3, 9, 5, [3]),
        (2, 1, 1000, [2]),
    ],
)
@pytest.mark.parametrize("unit", ["epoch", "iter"])
def test_the_end_is_validated_always(
    toy_cfg: CfgMaker, unit: str, total: int, begin: int, interval: int, expected: list[int]
) -> None:
    loop = {"max_epochs": total} if unit == "epoch" else {"by_epoch": False, "max_iters": total}
    seen = _validations(toy_cfg, **loop, val_begin=begin, val_interval=interval)
    assert [each[unit == "iter"] for each in seen] == expected


def test_the_iteration_loop_validates_after_each_thousand(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = _Notes()
    cfg = toy_cfg(
        train_cfg={"by_epoch": False, "max_iters": 1001},
        train_dataloader={"dataset": [0], "collate_fn": "pseudo_collate"},
        custom_hooks=[notes],
        default_hooks=dict.fromkeys(("runtime_info", "timer", "logger", "checkpoint")),
        param_scheduler=None,
    )
    runner = Runner.from_cfg(cfg)
    monkeypatch.setattr(runner.model, "train_step", lambda data, optim_wrapper: {})
    runner.train()
    assert [iteration for _, iteration in notes.seen] == [1000, 1001]


class _StopAfter(Hook):
    """Stops the training from within."""

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        runner.train_loop.stop_training = runner.iter + 1 >= self.iteration


@pytest.mark.parametrize(
    ("loop", "stop", "expected"),
    [
        ({"max_epochs": 9, "val_interval": 4}, 12, [(3, 15)]),
        ({"max_epochs": 9, "val_begin": 20}, 12, [(3, 15)]),
        ({"max_epochs": 9, "val_interval": 3}, 12, [(3, 15)]),
        ({"by_epoch": False, "max_iters": 90}, 12, [(0, 12)]),
        ({"by_epoch": False, "max_iters": 90, "val_interval": 6}, 12, [(0, 6), (0, 12)]),
    ],
)
def test_a_training_that_is_stopped_is_validated_once(
    toy_cfg: CfgMaker, loop: dict[str, Any], stop: int, expected: list[tuple[int, int]]
) -> None:
    notes = _Notes()
    hooks = {"checkpoint": None, "curves": None}
    cfg = toy_cfg(train_cfg=loop, custom_hooks=[notes, _StopAfter(stop)], default_hooks=hooks)
    Runner.from_cfg(cfg).train()
    assert notes.seen == expected


def test_a_validation_that_stops_the_training_is_the_last(toy_cfg: CfgMaker) -> None:
    class StopAtVal(Hook):
        def after_val(self, runner: Runner) -> None:
            runner.train_loop.stop_training = True

    notes = _Notes()
    loop = {"max_epochs": 9, "val_interval": 2}
    Runner.from_cfg(toy_cfg(train_cfg=loop, custom_hooks=[notes, StopAtVal()])).train()
    assert notes.seen == [(2, 10)]


@pytest.mark.parametrize("loop", [{"max_epochs": 2}, {"by_epoch": False, "max_iters": 2}])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dataset": []}, "0 samples and batch_size=8"),
        ({"dataset": [{"inputs": 0}] * 3, "drop_last": True}, "3 samples .*=8 with drop_last"),
        ({"batch_sampler": [], "batch_size": 1}, "40 samples"),
    ],
)
def test_a_training_without_a_batch_is_an_error(
    toy_cfg: CfgMaker, loop: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    cfg = toy_cfg(train_cfg=loop, param_scheduler=None)
    loader: Any = {**cfg.train_dataloader, **changes}
    if "batch_sampler" in changes:
        loader = DataLoader(
            cfg.train_dataloader["dataset"]["type"](), batch_sampler=changes["batch_sampler"]
        )
    runner = Runner.from_cfg({**cfg, "train_dataloader": loader})
    with pytest.raises(ValueError, match=f"the training data have no batch: {reason}"):
        runner.train()
    assert not [*Path(runner.work_dir).glob("*.pth")]


def test_an_epoch_of_an_endless_sampler_is_an_error(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg()
    cfg.train_dataloader.sampler = {"type": "InfiniteSampler"}
    grouped = {**cfg.train_dataloader, "batch_sampler": {"type": BatchSampler, "drop_last": True}}
    for loader in (cfg.train_dataloader, grouped):
        with pytest.raises(ValueError, match="an InfiniteSampler never ends an epoch"):
            Runner.from_cfg({**cfg, "train_dataloader": loader}).train()


@pytest.mark.parametrize("intervals", [[(5, 1), (3, 2)], [(3, 0)], [(3, 1), (3, 2)]])
def test_mistakes(toy_cfg: CfgMaker, intervals: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="dynamic_intervals are pairs of a milestone, each"):
        _validations(toy_cfg, max_epochs=1, dynamic_intervals=intervals)


def test_intervals_by_the_times_from_which_on_they_hold() -> None:
    assert calc_dynamic_intervals(2) == ([0], [2])
    assert calc_dynamic_intervals(2, [(5, 1), (9, 3)]) == ([0, 5, 9], [2, 1, 3])
    with pytest.raises(ValueError, match="each greater than the one before"):
        calc_dynamic_intervals(2, [(5, 1), (5, 3)])
