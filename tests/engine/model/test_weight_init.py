"""Every initializer against the function of torch that it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.model import BaseInit, initialize
from engine.registry import WEIGHT_INITIALIZERS

init = nn.init


@pytest.mark.parametrize(
    ("cfg", "reference"),
    [
        ({"type": "Constant", "val": 0.3}, lambda w: init.constant_(w, 0.3)),
        ({"type": "Normal"}, init.normal_),
        ({"type": "Normal", "mean": 1, "std": 0.1}, lambda w: init.normal_(w, 1, 0.1)),
        (
            {"type": "TruncNormal", "std": 0.5, "a": -0.2, "b": 0.4},
            lambda w: init.trunc_normal_(w, 0.0, 0.5, -0.2, 0.4),
        ),
        ({"type": "Uniform", "a": -1, "b": 2}, lambda w: init.uniform_(w, -1, 2)),
        ({"type": "Xavier", "gain": 2}, lambda w: init.xavier_normal_(w, 2)),
        ({"type": "Xavier", "distribution": "uniform"}, init.xavier_uniform_),
        (
            {"type": "Kaiming"},
            lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
        ),
        (
            {
                "type": "Kaiming",
                "a": 0.1,
                "mode": "fan_in",
                "nonlinearity": "leaky_relu",
                "distribution": "uniform",
            },
            lambda w: init.kaiming_uniform_(w, a=0.1, mode="fan_in", nonlinearity="leaky_relu"),
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("suffix", ["", "Init"])
def test_weights_are_those_of_torch(
    cfg: dict[str, Any], reference: Callable[[Tensor], Tensor], suffix: str
) -> None:
    layer, weight = nn.Conv2d(3, 8, 3), torch.empty(8, 3, 3, 3)
    torch.manual_seed(4)
    initialize(layer, {**cfg, "type": cfg["type"] + suffix, "bias": 0.5})
    torch.manual_seed(4)
    assert torch.equal(layer.weight, reference(weight))
    assert layer.bias is not None
    assert {*layer.bias.tolist()} == {0.5}


def test_only_the_named_layers_are_touched() -> None:
    linear, conv, norm = nn.Linear(2, 2), nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)
    model = nn.Sequential(linear, nn.Sequential(conv), norm)
    before = linear.weight.clone()
    initialize(model, {"type": "Constant", "val": 3, "layer": ["Conv2d", "BatchNorm2d"]})
    assert torch.equal(linear.weight, before)
    assert conv.weight.tolist() == [[[[3.0]]]]
    assert norm.weight.tolist() == [3.0]


def test_without_a_layer_the_module_itself_is_meant() -> None:
    linear = nn.Linear(2, 1, bias=False)
    before = linear.weight.clone()
    initialize(nn.Sequential(linear), {"type": "Constant", "val": 3})
    assert torch.equal(linear.weight, before)
    initialize(linear, {"type": "Constant", "val": 3})
    assert linear.weight.tolist() == [[3.0, 3.0]]


def test_a_bias_by_the_probability_that_it_gives() -> None:
    layer = nn.Linear(2, 2)
    initialize(layer, {"type": "Normal", "std": 0.01, "bias_prob": 0.01})
    assert layer.bias.sigmoid().tolist() == pytest.approx([0.01, 0.01])
    assert BaseInit(bias_prob=0.5).bias == 0.0
    assert BaseInit(bias_prob=0.01).bias == pytest.approx(-math.log(99))


def test_mistakes() -> None:
    for kind in ("Xavier", "Kaiming"):
        with pytest.raises(ValueError, match="distribution is 'normal' or 'uniform'; got 'gamma'"):
            WEIGHT_INITIALIZERS.build({"type": kind, "distribution": "gamma"})
    with pytest.raises(TypeError, match="BaseInit does not say how a weight begins"):
        BaseInit()(nn.Linear(1, 1))
