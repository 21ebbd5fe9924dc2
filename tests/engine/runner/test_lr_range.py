"""Learning rate range test."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from engine.config import Config, ConfigError
from engine.hooks import Hook
from engine.registry import RUNNERS
from engine.runner import LRRange, find_lr

CfgMaker = Callable[..., Config]


class Refuses(Hook):
    """A hook of the config, which a range test leaves out."""

    def before_run(self, runner: Any) -> None:
        raise AssertionError


def _synthetic(center: float, noise: float = 0.0, steps: int = 120) -> LRRange:
    """Return losses that fall fastest at a rate, are lowest 3 times above it, and diverge."""
    rates = np.geomspace(1e-6, 1e2, steps)
    where = np.log(rates / center)
    losses = 2 - np.tanh(where) + np.exp(3 * (where - 3))
    losses += noise * np.random.default_rng(0).normal(size=steps)
    kept = losses < 10
    return LRRange(tuple(rates[kept].tolist()), tuple(losses[kept].tolist()), steps)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("center", [1e-4, 1e-2, 1e-1])
def test_the_suggestions_of_a_known_curve(center: float, noise: float) -> None:
    found = _synthetic(center, noise)
    assert found.steepest is not None
    assert found.tenth_of_minimum is not None
    assert abs(math.log10(found.steepest / center)) < 0.4
    lowest = found.rates[int(np.argmin(found.smoothed))]
    assert found.tenth_of_minimum == lowest / 10
    assert center < lowest < 30 * center


def test_a_loss_that_does_not_fall_suggests_nothing() -> None:
    found = LRRange((0.1, 0.2, 0.4, 0.8), (1.0, 2.0, 3.0, 4.0), 4)
    assert (found.steepest, found.tenth_of_minimum) == (None, None)


def test_the_rate_rises_by_a_factor_and_nothing_is_left(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    cfg = toy_cfg(custom_hooks=[{"type": Refuses}])
    before, state = copy.deepcopy(cfg), torch.get_rng_state()
    found = find_lr(cfg, 1e-4, 1e-1, steps=20)
    assert found.rates == pytest.approx(np.geomspace(1e-4, 1e-1, 20))
    assert len(found.losses) == 20
    assert cfg == before
    assert torch.equal(torch.get_rng_state(), state)
    assert not [*tmp_path.iterdir()]
    assert find_lr(cfg, 1e-4, 1e-1, steps=20) == found  # by the seed of the config


def test_the_training_is_that_of_the_config(toy_cfg: CfgMaker) -> None:
    losses: list[float] = []

    class Noted(Hook):
        def after_train_iter(
            self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            losses.append(float(outputs["loss"]))

    changes: dict[str, Any] = {"train_cfg": {"max_iters": 10}, "custom_hooks": [Noted()]}
    rising = {"type": "ExponentialLR", "gamma": 10 ** (1 / 9)}
    optimizer = {"type": "SGD", "lr": 0.01, "momentum": 0.9}
    runner: Any = RUNNERS.build(
        toy_cfg(param_scheduler=rising, optim_wrapper={"optimizer": optimizer}, **changes)
    )
    runner.train()
    assert find_lr(toy_cfg(), 0.01, 0.1, steps=10).losses == tuple(losses)


def test_groups_keep_their_ratio(toy_cfg: CfgMaker) -> None:
    wrapper = {
        "optimizer": {"type": "SGD", "lr": 5.0},
        "paramwise_cfg": {"custom_keys": {"fc.weight": {"lr_mult": 0.1}}},
    }
    found = find_lr(toy_cfg(optim_wrapper=wrapper), 0.01, 0.1, steps=10)
    assert found.rates == pytest.approx(np.geomspace(0.01, 0.1, 10))


def test_it_ends_where_the_loss_diverges(toy_cfg: CfgMaker) -> None:
    found = find_lr(toy_cfg(), 1e-2, 1e8, steps=60)
    assert len(found.rates) == len(found.losses) < 60
    assert found.steepest is not None


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, {"min_lr": 1.0, "max_lr": 0.1}, "0 < min < max must hold.*got min=1.0, max=0.1"),
        ({}, {"steps": 3}, "at least 10 steps; got 3"),
        ({"optim_wrapper": None}, {}, "the config has no optim_wrapper"),
        ({"optim_wrapper": {"a": {}}}, {}, "needs optim_wrapper.optimizer, a config; got None"),
    ],
)
def test_a_users_mistake(
    toy_cfg: CfgMaker, changes: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises((ValueError, ConfigError), match=message):
        find_lr(toy_cfg(**changes), **arguments)


def test_the_curve_becomes_an_image(tmp_path: Path) -> None:
    _synthetic(1e-2, noise=0.05).plot(tmp_path / "new" / "lr.png")
    assert imread(tmp_path / "new" / "lr.png").std() > 0.01
