"""Which points a hook pays for, and its questions about the run."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from engine.config import Config
from engine.hooks import POINTS, Hook
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class _Everything(Hook):
    """Writes down each point at which it is called."""

    def __init__(self) -> None:
        self.points: list[str] = []


def _note(point: str) -> Callable[..., None]:
    def note(self: _Everything, runner: Runner, *args: Any, **kwargs: Any) -> None:
        self.points.append(point)

    return note


for _point in POINTS:
    setattr(_Everything, _point, _note(_point))


class _Iters(Hook):
    def _before_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, mode: str = "train"
    ) -> None: ...


class _Epochs(Hook):
    def _after_epoch(self, runner: Runner, mode: str = "train") -> None: ...

    def after_run(self, runner: Runner) -> None: ...


def test_a_hook_is_called_where_it_overrides_a_point() -> None:
    assert Hook().get_triggered_stages() == []
    assert _Iters().get_triggered_stages() == [
        "before_train_iter",
        "before_val_iter",
        "before_test_iter",
    ]
    assert _Epochs().get_triggered_stages() == [
        "after_train_epoch",
        "after_val_epoch",
        "after_test_epoch",
        "after_run",
    ]
    assert _Everything().get_triggered_stages() == list(POINTS)


def test_every_point_comes_in_a_run(toy_cfg: CfgMaker) -> None:
    hook = _Everything()
    train = {"by_epoch": True, "max_epochs": 1}
    runner = Runner.from_cfg(toy_cfg(train_cfg=train, custom_hooks=[hook]))
    runner.train()
    runner.test()
    runner.load_checkpoint(f"{runner.work_dir}/epoch_1.pth")
    assert set(hook.points) == set(POINTS)
    assert hook.points[:5] == list(POINTS[:5])
    assert hook.points.count("after_train_iter") == hook.points.count("after_val_iter") == 5
    assert hook.points.count("before_run") == hook.points.count("after_run") == 2


@pytest.mark.parametrize(
    ("n", "start", "due"),
    [
        (1, 0, [1, 2, 3, 4, 5, 6]),
        (3, 0, [3, 6]),
        (2, 3, [3, 5]),
        (0, 0, []),
        (-1, 0, []),
    ],
)
def test_intervals(n: int, start: int, due: list[int]) -> None:
    runner: Any = SimpleNamespace(max_epochs=6, max_iters=6)
    by_epoch, by_iter, inner = [], [], []
    for done in range(6):
        runner.epoch = runner.iter = done
        by_epoch += [done + 1] * Hook().every_n_epochs(runner, n, start)
        by_iter += [done + 1] * Hook().every_n_train_iters(runner, n, start)
        inner += [done + 1] * Hook().every_n_inner_iters(done, n)
        assert Hook().is_last_train_epoch(runner) == (done == 5)
        assert Hook().is_last_train_iter(runner) == (done == 5)
        assert Hook().end_of_epoch(range(6), done) == (done == 5)
    assert by_epoch == by_iter == due
    if start == 0:
        assert inner == due


class _WithPoint(Hook):
    """Has a point that a loop of a library calls."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def after_sampling(self, runner: Runner, samples: int) -> None:
        self.seen.append((runner.iter, samples))


def test_a_loop_may_call_a_point_of_its_own(toy_cfg: CfgMaker) -> None:
    hook = _WithPoint()
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[hook]))
    runner.call_hook("after_sampling", samples=3)
    assert hook.seen == [(0, 3)]
    with pytest.raises(ValueError, match="no point 'after_smapling', and no hook of the run"):
        runner.call_hook("after_smapling", samples=3)
