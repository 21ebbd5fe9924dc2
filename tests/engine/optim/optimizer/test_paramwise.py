"""Learning rates and weight decays that differ from parameter to parameter."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from engine.optim import DefaultOptimWrapperConstructor, OptimWrapper, build_optim_wrapper


class Model(nn.Module):
    """One layer of each kind that a rule knows."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)
        self.depthwise = nn.Conv2d(4, 4, 3, groups=4)
        self.norm = nn.BatchNorm2d(4)
        self.deform = ModulatedDeformConv()
        self.scale = nn.Parameter(torch.ones(4))
        self.frozen = nn.Parameter(torch.ones(4), requires_grad=False)


class ModulatedDeformConv(nn.Module):
    """A stand-in for a deformable convolution: only names matter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))
        self.conv_offset = nn.Conv2d(4, 18, 1)


SGD = {"type": "SGD", "lr": 1.0, "weight_decay": 0.5, "momentum": 0.9}


def _options(paramwise: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the learning rate and the weight decay of each parameter of `Model`."""
    model = Model()
    wrapper = build_optim_wrapper(model, {"optimizer": SGD, "paramwise_cfg": paramwise})
    names = {id(each): name for name, each in model.named_parameters()}
    found = {
        names[id(each)]: (group["lr"], group["weight_decay"])
        for group in wrapper.param_groups
        for each in group["params"]
    }
    assert set(found) == {name for name in names.values() if name != "frozen"}
    return {name: options for name, options in found.items() if options != (1.0, 0.5)}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        (
            {"bias_lr_mult": 2.0},
            {"conv.bias": (2.0, 0.5), "depthwise.bias": (2.0, 0.5)},
        ),
        (
            {"bias_decay_mult": 0.0},
            {"conv.bias": (1.0, 0.0), "depthwise.bias": (1.0, 0.0), "norm.bias": (1.0, 0.0)},
        ),
        (
            {"norm_decay_mult": 0.0},
            {"norm.weight": (1.0, 0.0), "norm.bias": (1.0, 0.0)},
        ),
        (
            {"dwconv_decay_mult": 0.1},
            {"depthwise.weight": (1.0, 0.05), "depthwise.bias": (1.0, 0.05)},
        ),
        (
            {"dcn_offset_lr_mult": 0.1},
            {"deform.conv_offset.weight": (0.1, 0.5), "deform.conv_offset.bias": (0.1, 0.5)},
        ),
        (
            {"flat_decay_mult": 0.0, "norm_decay_mult": 1.0, "bias_decay_mult": 0.2},
            {
                "scale": (1.0, 0.0),
                "conv.bias": (1.0, 0.1),
                "depthwise.bias": (1.0, 0.1),
            },
        ),
        (
            {"dwconv_decay_mult": 0.1, "bias_decay_mult": 0.2, "bypass_duplicate": True},
            {
                "conv.bias": (1.0, 0.1),
                "depthwise.weight": (1.0, 0.05),
                "depthwise.bias": (1.0, 0.1),
                "norm.bias": (1.0, 0.1),
            },
        ),
        (
            {
                "custom_keys": {"conv": {"lr_mult": 0.1}, "conv.bias": {"decay_mult": 0.0}},
                "bias_lr_mult": 7.0,
            },
            {
                "conv.weight": (0.1, 0.5),
                "conv.bias": (1.0, 0.0),
                "depthwise.bias": (7.0, 0.5),
                "deform.conv_offset.weight": (0.1, 0.5),
                "deform.conv_offset.bias": (0.1, 0.5),
            },
        ),
    ],
)
def test_rules(rule: dict[str, Any], changed: dict[str, tuple[float, float]]) -> None:
    assert _options(rule) == changed


def test_an_option_of_a_group() -> None:
    cfg = {"optimizer": SGD, "paramwise_cfg": {"custom_keys": {"norm": {"momentum": 0.1}}}}
    wrapper = build_optim_wrapper(Model(), cfg)
    assert [group["momentum"] for group in wrapper.optimizer.param_groups] == [0.9, 0.1]


def test_a_group_keeps_its_multipliers() -> None:
    custom = {"norm": {"lr_mult": 0.1, "decay_mult": 0.0, "fixed": True}}
    cfg = {"optimizer": SGD, "paramwise_cfg": {"custom_keys": custom}}
    group = build_optim_wrapper(Model(), cfg).optimizer.param_groups[1]
    assert {key: group[key] for key in custom["norm"]} == custom["norm"]
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.0)


def test_parameters_with_the_same_options_are_one_group() -> None:
    cfg = {"optimizer": SGD, "paramwise_cfg": {"norm_decay_mult": 0.0}}
    deep = nn.Sequential(*(nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)) for _ in range(50)))
    groups = build_optim_wrapper(deep, cfg).optimizer.param_groups
    assert [len(group["params"]) for group in groups] == [100, 100]


def test_a_shared_parameter() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    cfg: dict[str, Any] = {"optimizer": SGD, "paramwise_cfg": {"bias_lr_mult": 2.0}}
    with pytest.raises(ValueError, match=r"1\.weight is a parameter of another module too, so"):
        build_optim_wrapper(model, cfg)
    cfg["paramwise_cfg"]["bypass_duplicate"] = True
    with pytest.warns(UserWarning, match=r"1\.weight is a parameter of another module too"):
        wrapper = build_optim_wrapper(model, cfg)
    assert sum(len(group["params"]) for group in wrapper.param_groups) == 3


@pytest.mark.parametrize(
    ("optimizer", "paramwise", "message"),
    [
        (SGD, {"bias_lr_mul": 1.0}, "no key 'bias_lr_mul'; did you mean 'bias_lr_mult'"),
        ({"type": "SGD", "lr": 1.0}, {"norm_decay_mult": 0.0}, "the weight_decay of the optimizer"),
        ({"type": "SGD"}, {"bias_lr_mult": 0.1}, "bias_lr_mult multiplies the lr of the optimizer"),
    ],
)
def test_mistakes(optimizer: dict[str, Any], paramwise: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_optim_wrapper(Model(), {"optimizer": optimizer, "paramwise_cfg": paramwise})


def test_groups_of_ones_own() -> None:
    class Halves(DefaultOptimWrapperConstructor):
        """Gives each child of the model its own learning rate, as layer decay does."""

        def add_params(
            self,
            params: list[dict[str, Any]],
            module: nn.Module,
            prefix: str = "",
            is_dcn_module: float | None = None,
        ) -> None:
            for index, child in enumerate(module.children()):
                params.append({"params": list(child.parameters()), "lr": 0.5**index})

    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    constructor = Halves({"optimizer": SGD}, {"custom_keys": {}})
    wrapper = constructor(model)
    assert isinstance(wrapper, OptimWrapper)
    assert wrapper.get_lr() == {"base_lr": [1.0], "lr": [1.0, 0.5]}


def test_keys_of_ones_own() -> None:
    class Decayed(DefaultOptimWrapperConstructor):
        """Reads a key that no other constructor has, next to those of all."""

        def add_params(
            self,
            params: list[dict[str, Any]],
            module: nn.Module,
            prefix: str = "",
            is_dcn_module: float | None = None,
        ) -> None:
            super().add_params(params, module, prefix, is_dcn_module)
            for depth, group in enumerate(params):
                group["lr"] = self.paramwise_cfg["decay_rate"] ** depth

    paramwise = {"decay_rate": 0.5, "norm_decay_mult": 0.0}
    groups = Decayed({"optimizer": SGD}, paramwise)(nn.LayerNorm(2)).optimizer.param_groups
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(1.0, 0.0), (0.5, 0.0)]


def test_an_instruction_to_the_config_is_no_key() -> None:
    assert _options({"bias_decay_mult": 0.0, "_delete": True}) == _options({"bias_decay_mult": 0.0})


def test_keys_of_no_parameter_are_told(caplog: pytest.LogCaptureFixture) -> None:
    custom: dict[str, Any] = {"conv.": {}, "frozen": {}, "depthwsie": {}, "head": {"lr_mult": 2.0}}
    cfg = {"optimizer": SGD, "paramwise_cfg": {"custom_keys": custom}}
    build_optim_wrapper(Model(), cfg)
    assert [record.getMessage() for record in caplog.records] == [
        "paramwise_cfg.custom_keys: no parameter of Model has 'depthwsie' in its name; did you "
        "mean 'depthwise'?",
        "paramwise_cfg.custom_keys: no parameter of Model has 'head' in its name",
    ]
