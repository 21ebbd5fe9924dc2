"""Several optimizers of one model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.optim import OptimWrapper, OptimWrapperDict, StepLR


def _wrappers() -> tuple[nn.Module, OptimWrapperDict]:
    model = nn.ModuleDict({"first": nn.Linear(2, 1), "second": nn.Linear(2, 1)})
    weights: list[dict[str, Any]] = [
        {"params": [model["second"].weight], "lr": 0.1},
        {"params": [model["second"].bias]},
    ]
    return model, OptimWrapperDict(
        first=OptimWrapper(torch.optim.Adam(model["first"].parameters(), lr=0.3)),
        second=OptimWrapper(torch.optim.SGD(weights, lr=0.2, momentum=0.8)),
    )


def test_groups_by_the_name_of_the_optimizer() -> None:
    _, wrappers = _wrappers()
    assert {
        name: [group["lr"] for group in groups] for name, groups in wrappers.param_groups.items()
    } == {"first": [0.3], "second": [0.1, 0.2, 0.2]}
    assert wrappers.get_lr() == {
        "first.lr": [0.3],
        "second.base_lr": [0.2],
        "second.lr": [0.1, 0.2],
    }
    assert wrappers.get_momentum() == {"first.momentum": [0.9], "second.momentum": [0.8, 0.8]}


def test_zero_grad_resets_the_gradients_of_all() -> None:
    model, wrappers = _wrappers()
    sum(layer(torch.ones(1, 2)).sum() for layer in model.children()).backward()
    wrappers.zero_grad()
    assert all(each.grad is None for each in model.parameters())


def test_the_base_settings_are_scheduled_saved_and_loaded() -> None:
    (_, wrappers), (_, others) = _wrappers(), _wrappers()
    scheduler = StepLR(wrappers["second"], step_size=1, gamma=0.5)
    wrappers["second"].step()
    scheduler.step()
    assert scheduler.get_last_value() == [0.05, 0.1, 0.1]
    others.load_state_dict(wrappers.state_dict())
    assert others.get_lr() == wrappers.get_lr()
    assert others["second"].base_param_settings == wrappers["second"].base_param_settings
    assert others["first"].base_param_settings is None
