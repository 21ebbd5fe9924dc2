"""Optimizers and their constructor."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from engine.optim import (
    TORCH_OPTIMIZERS,
    AmpOptimWrapper,
    DefaultOptimWrapperConstructor,
    OptimWrapper,
    build_optim_wrapper,
)
from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS


def test_the_optimizers_of_torch_are_registered() -> None:
    assert {"SGD", "Adam", "AdamW", "RMSprop", "LBFGS"} <= set(TORCH_OPTIMIZERS)
    assert "Optimizer" not in TORCH_OPTIMIZERS
    for name in TORCH_OPTIMIZERS:
        assert OPTIMIZERS.get(name) is getattr(torch.optim, name)


def test_a_wrapper_of_a_config() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].weight.requires_grad_(False)
    wrapper = build_optim_wrapper(model, {"optimizer": {"type": "Adam", "lr": 0.3}})
    assert type(wrapper) is OptimWrapper
    assert isinstance(wrapper.optimizer, torch.optim.Adam)
    [group] = wrapper.param_groups
    assert [id(each) for each in group["params"]] == [id(each) for each in model.parameters()]
    assert wrapper.defaults["lr"] == 0.3
    assert wrapper.get_lr() == {"lr": [0.3]}
    assert wrapper.get_momentum() == {"momentum": [0.9]}
    cfg = {"type": "AmpOptimWrapper", "optimizer": {"type": "SGD", "lr": 0.1}, "dtype": "bfloat16"}
    assert type(build_optim_wrapper(model, cfg)) is AmpOptimWrapper
    sgd = build_optim_wrapper(model, {"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.8}})
    assert sgd.get_momentum() == {"momentum": [0.8]}


def test_a_constructor_by_name() -> None:
    class Biases(DefaultOptimWrapperConstructor):
        """Trains biases only."""

        def __call__(self, model: nn.Module) -> OptimWrapper:
            biases = [each for name, each in model.named_parameters() if name.endswith("bias")]
            return OptimWrapper(torch.optim.SGD(biases, lr=1.0))

    OPTIM_WRAPPER_CONSTRUCTORS.register_module("BiasesForTest", module=Biases, force=True)
    cfg = {"constructor": "BiasesForTest", "optimizer": {"type": "SGD"}}
    model = nn.Linear(2, 1)
    assert build_optim_wrapper(model, cfg).param_groups[0]["params"] == [model.bias]
    assert cfg["constructor"] == "BiasesForTest"


def test_a_layer_that_is_unfrozen_later_is_trained() -> None:
    frozen = nn.Linear(2, 2).requires_grad_(False)
    model = nn.Sequential(frozen, nn.Linear(2, 1))
    wrapper = build_optim_wrapper(model, {"optimizer": {"type": "SGD", "lr": 0.3}})
    before = frozen.weight.clone()
    wrapper.update_params(model(torch.ones(1, 2)).sum())
    assert torch.equal(frozen.weight, before)
    frozen.requires_grad_(True)
    wrapper.update_params(model(torch.ones(1, 2)).sum())
    assert not torch.equal(frozen.weight, before)


@pytest.mark.parametrize("cfg", [{}, {"optimizer": None}])
def test_a_wrapper_needs_an_optimizer(cfg: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="optim_wrapper needs an optimizer: optim_wrapper=dict"):
        build_optim_wrapper(nn.Linear(1, 1), cfg)


@pytest.mark.parametrize(
    ("cfg", "paramwise", "message"),
    [
        ([], None, r"optim_wrapper must be a dictionary; got \[\]"),
        ({"optimizer": "SGD"}, None, r"optim_wrapper.optimizer must be a dictionary; got 'SGD'"),
        ({"optimizer": {}}, 3, r"paramwise_cfg must be a dictionary; got 3"),
    ],
)
def test_configs_are_dictionaries(cfg: Any, paramwise: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        DefaultOptimWrapperConstructor(cfg, paramwise)


def test_a_constructor_keeps_the_configs_apart() -> None:
    optimizer = {"type": "SGD", "lr": 0.1}
    cfg = {"optimizer": optimizer, "clip_grad": {"max_norm": 1.0}}
    constructor = DefaultOptimWrapperConstructor(cfg)
    assert constructor.optim_wrapper_cfg == {"clip_grad": {"max_norm": 1.0}}
    assert constructor.optimizer_cfg == optimizer
    assert (constructor.base_lr, constructor.base_wd) == (0.1, None)
    assert constructor.paramwise_cfg == {}
    assert cfg["optimizer"] == optimizer
