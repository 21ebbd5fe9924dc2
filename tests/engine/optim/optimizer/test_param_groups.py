"""Options of parameter groups, and groups of equal options that are one."""

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

SGD = {"type": "SGD", "lr": 1.0, "weight_decay": 0.5, "momentum": 0.9}
OPTIMIZER_CFGS: dict[str, dict[str, Any]] = {
    "SGD": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
    "AdamW": {"type": "AdamW", "lr": 0.1, "weight_decay": 0.1},
}
PARAMWISE = st.dictionaries(
    st.sampled_from(["bias_lr_mult", "bias_decay_mult", "norm_decay_mult", "flat_decay_mult"]),
    st.sampled_from([0.0, 0.5, 1.0]),
    min_size=1,
)


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


def test_a_misspelled_multiplier_is_told(caplog: pytest.LogCaptureFixture) -> None:
    cfg = {"optimizer": SGD, "paramwise_cfg": {"custom_keys": {"norm": {"lr_mutl": 0.1}}}}
    build_optim_wrapper(Model(), cfg)
    assert "custom_keys.norm: SGD has no option 'lr_mutl'; did you mean 'lr_mult'?" in caplog.text


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
