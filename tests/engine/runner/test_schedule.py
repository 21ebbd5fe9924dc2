"""Schedules of a config without a training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from engine.config import Config, ConfigError
from engine.hooks import Hook
from engine.registry import RUNNERS
from engine.runner import plot_schedule, schedule_of

CfgMaker = Callable[..., Config]

SCHEDULERS: dict[str, Any] = {
    "none": None,
    "by epoch": {"type": "StepLR", "step_size": 1, "gamma": 0.5},
    "warmup": [
        {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "end": 4},
        {"type": "CosineAnnealingLR", "T_max": 3, "convert_to_iter_based": True},
    ],
    "momentum": [
        {"type": "OneCycleLR", "eta_max": 0.7, "by_epoch": False},
        {"type": "PolyMomentum", "eta_min": 0.1, "by_epoch": False},
        {"type": "LinearParamScheduler", "param_name": "weight_decay", "end": 3},
    ],
}


class Noted(Hook):
    """Keeps options of the optimizer in each iteration."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            self.values.setdefault(name, []).append(runner.optim_wrapper.param_groups[0][name])


def _cfg(toy_cfg: CfgMaker, scheduler: Any, **changes: Any) -> Config:
    optimizer = {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    return toy_cfg(param_scheduler=scheduler, optim_wrapper={"optimizer": optimizer}, **changes)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_values_are_those_of_a_training(toy_cfg: CfgMaker, name: str) -> None:
    cfg = _cfg(toy_cfg, SCHEDULERS[name], auto_scale_lr={"enable": True, "base_batch_size": 2})
    runner: Any = RUNNERS.build(cfg)
    noted = Noted()
    runner.register_hook(noted)
    runner.train()
    found = schedule_of(cfg)
    assert found == {key: noted.values[key] for key in found}
    others = {"momentum", "weight_decay"} if name == "momentum" else set()
    assert found.keys() == {"lr", *others}
    assert len(found["lr"]) == 3 * 5


def test_nothing_is_built_where_the_length_is_known(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    unknown = {"type": "nobody.has.this"}
    cfg = _cfg(toy_cfg, SCHEDULERS["warmup"], model=unknown, train_dataloader={"dataset": unknown})
    assert len(schedule_of(cfg, iters_per_epoch=7)["lr"]) == 21
    cfg.train_cfg = {"max_iters": 6}
    cfg.param_scheduler = {"type": "LinearLR", "start_factor": 0.5, "end": 6}
    assert schedule_of(cfg)["lr"] == pytest.approx([0.05, 0.06, 0.07, 0.08, 0.09, 0.1])
    assert not (tmp_path / "run").exists()


def test_several_optimizers_have_their_names(toy_cfg: CfgMaker) -> None:
    sgd = {"type": "SGD", "lr": 0.1}
    cfg = toy_cfg(
        train_cfg={"max_iters": 2},
        optim_wrapper={"constructor": "Mine", "a": {"optimizer": sgd}, "b": {"optimizer": sgd}},
        param_scheduler={"b": {"type": "ExponentialLR", "gamma": 0.5}},
    )
    assert schedule_of(cfg) == {"a.lr": [0.1, 0.1], "b.lr": [0.1, 0.05]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_cfg": None}, "the config has no train_cfg"),
        ({"train_cfg": {"type": "Mine"}}, "train_cfg says neither max_epochs nor max_iters"),
    ],
)
def test_a_config_without_a_known_training(
    toy_cfg: CfgMaker, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        schedule_of(toy_cfg(**changes))


def test_data_that_are_not_there(toy_cfg: CfgMaker) -> None:
    def missing() -> None:
        raise FileNotFoundError("there is no folder x")

    cfg = toy_cfg(train_dataloader={"dataset": {"type": missing}})
    with pytest.raises(ConfigError, match="there is no folder x; say iters_per_epoch"):
        schedule_of(cfg)
    assert len(schedule_of(cfg, iters_per_epoch=2)["lr"]) == 6


def test_a_long_schedule_becomes_an_image(tmp_path: Path) -> None:
    falls = [1 - step / 9001 for step in range(9001)]
    plot_schedule({"lr": falls, "momentum": falls[::-1]}, tmp_path / "new" / "schedule.png")
    assert imread(tmp_path / "new" / "schedule.png").std() > 0.01
