"""Several optimizers of one model."""

from __future__ import annotations

from typing import Any

import pytest
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


@pytest.mark.parametrize("verb", ["update_params", "backward", "step", "optim_context"])
def test_the_model_says_which_of_the_optimizers_is_meant(verb: str) -> None:
    model, wrappers = _wrappers()
    arguments: dict[str, list[Any]] = {"step": [], "optim_context": [model]}
    message = rf"several optimizers \(first, second\): call {verb} of one .*\[name\]\.{verb}\("
    with pytest.raises(NotImplementedError, match=message):
        getattr(wrappers, verb)(*arguments.get(verb, [torch.ones(())]))


def test_wrappers_are_found_by_their_names() -> None:
    _, wrappers = _wrappers()
    assert [*wrappers.keys()] == [name for name, _ in wrappers.items()] == ["first", "second"]
    assert [*wrappers.values()] == [wrappers["first"], wrappers["second"]]
    assert len(wrappers) == 2
    assert "first" in wrappers
    assert "third" not in wrappers


def test_members_are_wrappers_of_one_optimizer() -> None:
    model, wrappers = _wrappers()
    wrong: Any
    for wrong in (wrappers, torch.optim.SGD(model.parameters(), lr=0.1)):
        kind = type(wrong).__name__
        with pytest.raises(TypeError, match=f"first is no OptimWrapper but {kind}"):
            OptimWrapperDict(first=wrong)


def test_a_state_of_other_optimizers_is_refused() -> None:
    _, wrappers = _wrappers()
    state = wrappers.state_dict()
    del state["first"]
    with pytest.raises(KeyError, match="of the optimizers second; there are first, second"):
        wrappers.load_state_dict(state)


def test_gradients_that_wait_for_a_step_are_those_of_each_optimizer() -> None:
    def accumulating() -> tuple[nn.Module, OptimWrapperDict]:
        model, wrappers = _wrappers()
        for wrapper in wrappers.values():
            wrapper._accumulative_counts = 2
        wrappers.initialize_count_status(model, 0, 4)
        return model, wrappers

    (model, wrappers), (other, others) = accumulating(), accumulating()
    other.load_state_dict(model.state_dict())
    wrappers["first"].update_params(model.get_submodule("first")(torch.ones(1, 2)).sum())
    assert wrappers.inner_count == 1
    others.load_open_gradients(wrappers.open_gradients())
    for name, parameter in model.named_parameters():
        given = other.get_parameter(name).grad
        if name.startswith("second"):
            assert given is parameter.grad is None
        else:
            torch.testing.assert_close(given, parameter.grad, rtol=0, atol=0)
