"""Every initializer against the function of torch that it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.model import (
    BaseInit,
    bias_init_with_prob,
    caffe2_xavier_init,
    constant_init,
    initialize,
    kaiming_init,
    normal_init,
    trunc_normal_init,
    uniform_init,
    update_init_info,
    xavier_init,
)
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
        (
            {"type": "Caffe2Xavier"},
            lambda w: init.kaiming_uniform_(w, a=1, mode="fan_in", nonlinearity="leaky_relu"),
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


def test_layers_are_named_by_what_they_derive_from_too() -> None:
    norm, linear = nn.BatchNorm2d(2), nn.Linear(2, 2)
    before = linear.weight.clone()
    cfg = {"type": "Constant", "val": 3, "layer": ["_BatchNorm", "_ConvNd"]}
    initialize(nn.Sequential(norm, linear), cfg)
    assert norm.weight.tolist() == [3.0, 3.0]
    assert torch.equal(linear.weight, before)


@pytest.mark.parametrize(
    ("function", "kind", "args"),
    [
        (constant_init, "Constant", {"val": 0.3}),
        (normal_init, "Normal", {"mean": 1, "std": 0.1}),
        (trunc_normal_init, "TruncNormal", {"mean": 0.1, "std": 0.5, "a": -0.2, "b": 0.4}),
        (uniform_init, "Uniform", {"a": -1, "b": 2}),
        (xavier_init, "Xavier", {"gain": 2, "distribution": "uniform"}),
        (
            kaiming_init,
            "Kaiming",
            {"a": 0.1, "mode": "fan_in", "nonlinearity": "leaky_relu", "distribution": "uniform"},
        ),
        (caffe2_xavier_init, "Caffe2Xavier", {}),
    ],
)
def test_functions_do_what_the_classes_do(
    function: Callable[..., None], kind: str, args: dict[str, Any]
) -> None:
    ours, theirs = nn.Linear(3, 4), nn.Linear(3, 4)
    for bias in ({}, {"bias": 0.5}):
        torch.manual_seed(4)
        function(ours, **args, **bias)
        torch.manual_seed(4)
        initialize(theirs, {"type": kind, **args, **bias})
        assert torch.equal(ours.weight, theirs.weight)
        assert torch.equal(ours.bias, theirs.bias)
    function(nn.ReLU(), **args)  # has neither


class _Parts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.feat, self.reg, self.cls = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)

    def values(self) -> dict[str, list[float]]:
        each = {"feat": self.feat, "reg": self.reg, "cls": self.cls}
        return {
            name: [part.weight.item(), part.bias.item()]
            for name, part in each.items()
            if part.bias is not None
        }


def test_an_override_may_name_a_property() -> None:
    class Block(nn.Module):
        """Its part has another name as a submodule, as the norm layers of a ResNet do."""

        def __init__(self) -> None:
            super().__init__()
            self.bn1 = nn.BatchNorm2d(2)

        @property
        def norm1(self) -> nn.Module:
            return self.bn1

        size = 3

    block = Block()
    override = {"type": "Constant", "val": 0, "name": "norm1"}
    initialize(block, {"type": "Constant", "val": 1, "layer": "Conv2d", "override": override})
    assert not block.bn1.weight.any()
    with pytest.raises(ValueError, match="Block has no part of the name 'size'"):
        initialize(block, {"type": "Constant", "val": 1, "override": {**override, "name": "size"}})


def test_an_override_says_what_holds_for_a_part() -> None:
    model = _Parts()
    reg = {"type": "Constant", "name": "reg", "val": 3, "bias": 4}
    cfg = {"type": "Constant", "val": 1, "bias": 2, "layer": "Conv2d", "override": reg}
    initialize(model, cfg)
    assert model.values() == {"feat": [1, 2], "reg": [3, 4], "cls": [1, 2]}
    initialize(
        model, {"type": "Constant", "val": 5, "override": [{"name": "reg"}, {"name": "cls"}]}
    )
    assert model.values() == {"feat": [1, 2], "reg": [5, 0], "cls": [5, 0]}
    assert cfg["override"] is reg
    with pytest.raises(ValueError, match="no part of the name 'rge'; did you mean 'reg'"):
        initialize(model, {**cfg, "override": {"name": "rge"}})
    with pytest.raises(ValueError, match="override of 'reg' needs a type beside val"):
        initialize(model, {**cfg, "override": {"name": "reg", "val": 1}})


def test_the_bias_of_a_probability() -> None:
    assert bias_init_with_prob(0.01) == pytest.approx(-math.log(99))
    for bad in (0.0, 1.0):
        with pytest.raises(ValueError, match="more than 0 and less than 1 is needed"):
            bias_init_with_prob(bad)


def test_notes_of_how_parameters_began() -> None:
    layer = nn.Linear(2, 2)
    nn.init.zeros_(layer.bias)
    update_init_info(layer, "as the layer has it")
    notes: Any = layer._params_init_info
    assert {note["init_info"] for note in notes.values()} == {"as the layer has it"}
    constant_init(layer, 3.0, bias=0.0)
    update_init_info(layer, "all three")
    assert notes[layer.weight]["init_info"] == "all three"
    assert notes[layer.bias]["init_info"] == "as the layer has it"


def test_mistakes() -> None:
    for kind in ("Xavier", "Kaiming"):
        with pytest.raises(ValueError, match="distribution is 'normal' or 'uniform'; got 'gamma'"):
            WEIGHT_INITIALIZERS.build({"type": kind, "distribution": "gamma"})
    with pytest.raises(TypeError, match="BaseInit does not say how a weight begins"):
        BaseInit()(nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("cfg", "told"),
    [
        ({"layer": "Conv2d"}, None),
        ({"layer": ["Conv2d", "_BatchNorm"]}, None),  # one list for several models
        ({"override": {"name": "reg"}}, None),
        ({"layer": "Conv2D"}, "it has no layer 'Conv2D'; did you mean 'Conv2d'?"),
        ({"layer": "Linear"}, "it has no layer 'Linear'"),
        ({"layer": ["Conv2d", "Linera"]}, "it has no layer 'Linera'"),
        ({"layer": "Conv2D", "override": {"name": "reg"}}, "it has no layer 'Conv2D'"),
        ({}, "it has no weight of its own; name its layers by `layer`"),
    ],
)
def test_what_does_nothing_is_told(
    cfg: dict[str, Any], told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    initialize(_Parts(), {"type": "Constant", "val": 1, **cfg})
    said = [record.getMessage() for record in caplog.records]
    if told is None:
        assert said == []
    else:
        assert len(said) == 1
        assert said[0].startswith(f"init_cfg: ConstantInit of _Parts: {told}")
