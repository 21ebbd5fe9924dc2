"""Groups of equal options are one, and states are as if they were not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim import Optimizer

from engine.optim import (
    CosineAnnealingLR,
    DefaultOptimWrapperConstructor,
    LinearLR,
    OptimWrapper,
    build_optim_wrapper,
)
from engine.registry import OPTIMIZERS

OPTIMIZER_CFGS: dict[str, dict[str, Any]] = {
    "SGD": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
    "AdamW": {"type": "AdamW", "lr": 0.1, "weight_decay": 0.1},
}
PARAMWISE = st.dictionaries(
    st.sampled_from(["bias_lr_mult", "bias_decay_mult", "norm_decay_mult", "flat_decay_mult"]),
    st.sampled_from([0.0, 0.5, 1.0]),
    min_size=1,
)


class Training:
    """A model, its optimizer and two schedulers, one after the other."""

    def __init__(self, cfg: dict[str, Any], paramwise: dict[str, float], joined: bool) -> None:
        torch.manual_seed(0)
        layers = [nn.Linear(3, 3), nn.LayerNorm(3), nn.Linear(3, 3), nn.BatchNorm1d(3)]
        self.model = nn.Sequential(*layers)
        if joined:
            cfg = {"optimizer": cfg, "paramwise_cfg": paramwise}
            self.wrapper = build_optim_wrapper(self.model, cfg)
        else:
            groups: list[dict[str, Any]] = []
            DefaultOptimWrapperConstructor({"optimizer": cfg}, paramwise).add_params(
                groups, self.model
            )
            optimizer = OPTIMIZERS.build(cfg, default_args={"params": groups})
            assert isinstance(optimizer, Optimizer)
            self.wrapper = OptimWrapper(optimizer)
        self.schedulers = [
            LinearLR(self.wrapper, start_factor=0.1, end=4),
            CosineAnnealingLR(self.wrapper, eta_min=0.01, begin=4, end=12),
        ]

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.wrapper.update_params(self.model(torch.arange(12.0).reshape(4, 3)).square().sum())
            for each in self.schedulers:
                each.step()

    def state(self) -> dict[str, Any]:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.wrapper.state_dict(),
            "schedulers": [each.state_dict() for each in self.schedulers],
        }
        return copy.deepcopy(state)

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.wrapper.load_state_dict(state["optimizer"])
        for each, saved in zip(self.schedulers, state["schedulers"], strict=True):
            each.load_state_dict(saved)

    def weights(self) -> torch.Tensor:
        return torch.cat([each.flatten() for each in self.model.parameters()])

    def options(self) -> list[dict[str, Any]]:
        """Return the options of each parameter, in the order of the model."""
        found = {
            id(each): {key: value for key, value in group.items() if key != "params"}
            for group in self.wrapper.optimizer.param_groups
            for each in group["params"]
        }
        return [found[id(each)] for each in self.model.parameters()]


@settings(max_examples=25)
@given(
    optimizer=st.sampled_from(sorted(OPTIMIZER_CFGS)),
    paramwise=PARAMWISE,
    before=st.integers(0, 6),
    after=st.integers(0, 6),
)
def test_a_state_of_one_group_per_parameter_goes_on_as_one(
    optimizer: str, paramwise: dict[str, float], before: int, after: int
) -> None:
    cfg = OPTIMIZER_CFGS[optimizer]
    apart, joined = Training(cfg, paramwise, joined=False), Training(cfg, paramwise, joined=True)
    apart.run(before)
    joined.load(apart.state())
    apart.run(after)
    joined.run(after)
    assert torch.equal(joined.weights(), apart.weights())
    assert joined.options() == apart.options()
    assert len(joined.wrapper.optimizer.param_groups) < len(apart.wrapper.optimizer.param_groups)


@settings(max_examples=25)
@given(paramwise=PARAMWISE, before=st.integers(0, 6), after=st.integers(0, 6))
def test_a_state_is_that_of_the_groups_as_they_were(
    paramwise: dict[str, float], before: int, after: int
) -> None:
    cfg = OPTIMIZER_CFGS["AdamW"]
    joined = Training(cfg, paramwise, joined=True)
    joined.run(before)
    for other in (Training(cfg, paramwise, joined=True), Training(cfg, paramwise, joined=False)):
        state = joined.state()
        assert [len(group["params"]) for group in state["optimizer"]["param_groups"]] == [1] * 8
        other.load(state)
        uninterrupted = Training(cfg, paramwise, joined=True)
        uninterrupted.run(before + after)
        other.run(after)
        assert torch.equal(other.weights(), uninterrupted.weights())


def test_options_of_a_state_hold_that_make_groups_different() -> None:
    cfg = OPTIMIZER_CFGS["SGD"]
    apart = Training(cfg, {"norm_decay_mult": 0.0}, joined=False)
    apart.wrapper.optimizer.param_groups[0]["lr"] = 0.5
    first, second = (Training(cfg, {"norm_decay_mult": 0.0}, joined=True) for _ in range(2))
    first.load(apart.state())
    assert first.options() == apart.options()
    assert len(first.wrapper.optimizer.param_groups) == 3
    first.run(5)
    apart.run(3)
    second.load(first.state())
    assert second.options() == first.options()
    second.run(1)
    first.run(1)
    assert torch.equal(second.weights(), first.weights())


def test_a_group_that_is_added_later_is_in_the_state() -> None:
    training, other = (
        Training(OPTIMIZER_CFGS["SGD"], {"norm_decay_mult": 0.0}, joined=True) for _ in range(2)
    )
    for each in (training, other):
        each.wrapper.optimizer.add_param_group({"params": nn.Parameter(torch.ones(2)), "lr": 7.0})
    state = training.wrapper.state_dict()
    other.wrapper.load_state_dict(state)
    assert [group["lr"] for group in other.wrapper.optimizer.param_groups][-1] == 7.0


def test_a_state_of_other_parameters_is_an_error() -> None:
    training = Training(OPTIMIZER_CFGS["SGD"], {"norm_decay_mult": 0.0}, joined=True)
    state = training.wrapper.state_dict()
    del state["param_groups"][-1]
    with pytest.raises(ValueError, match="different number of parameter groups"):
        training.wrapper.load_state_dict(state)
