"""Modules that know how their weights begin."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from engine.model import BaseModule, ModuleDict, ModuleList, Sequential
from engine.registry import MODELS


class _Layer(BaseModule):
    """A layer that writes down when it is initialized."""

    def __init__(self, story: list[str], name: str, val: float | None = None) -> None:
        super().__init__(None if val is None else {"type": "Constant", "val": val})
        self.story, self.name = story, name
        self.weight = nn.Parameter(torch.zeros(2))

    def init_weights(self) -> None:
        if not self.is_init:
            self.story.append(self.name)
        super().init_weights()


def test_a_module_begins_before_its_children_and_only_once() -> None:
    story: list[str] = []
    outer = _Layer(story, "outer", 1.0)
    outer.plain = nn.Sequential(nn.ReLU(), _Layer(story, "deep", 2.0))
    outer.other = _Layer(story, "other")
    assert not outer.is_init
    outer.init_weights()
    assert story == ["outer", "deep", "other"]
    assert outer.is_init
    assert outer.weight.tolist() == [1.0, 1.0]
    assert outer.other.weight.tolist() == [0.0, 0.0]
    with torch.no_grad():
        outer.weight.fill_(9.0)
    outer.init_weights()
    assert outer.weight.tolist() == [9.0, 9.0]
    assert story == ["outer", "deep", "other"]


def test_the_config_of_a_child_wins_over_that_of_its_parent() -> None:
    inner = Sequential(nn.Linear(2, 2), init_cfg={"type": "Constant", "val": 5, "layer": "Linear"})
    outer = Sequential(
        nn.Linear(2, 2),
        inner,
        init_cfg=[
            {"type": "Constant", "val": 1, "layer": ["Linear", "Conv2d"]},
            {"type": "Constant", "val": 2, "bias": 3, "layer": "Linear"},
        ],
    )
    outer.init_weights()
    weights = {name: {*value.flatten().tolist()} for name, value in outer.named_parameters()}
    assert weights == {"0.weight": {2}, "0.bias": {3}, "1.0.weight": {5}, "1.0.bias": {0}}


def test_containers_are_those_of_torch() -> None:
    first, second = nn.Linear(2, 3), nn.Linear(3, 1)
    chain = Sequential(first, second)
    x = torch.randn(4, 2)
    assert torch.equal(chain(x), nn.Sequential(first, second)(x))
    assert isinstance(chain, (nn.Sequential, BaseModule))
    listed = ModuleList(layer for layer in (first, second))
    assert [*listed] == [first, second]
    assert len(ModuleList()) == 0
    named = ModuleDict({"a": first})
    assert named["a"] is first
    assert list(named.state_dict()) == ["a.weight", "a.bias"]
    assert len(ModuleDict()) == 0


@pytest.mark.parametrize("kind", [ModuleList, ModuleDict])
def test_containers_initialize_what_they_hold(kind: type[ModuleList | ModuleDict]) -> None:
    inner = Sequential(nn.Linear(2, 2), init_cfg={"type": "Constant", "val": 5, "layer": "Linear"})
    outer = ModuleList([inner]) if kind is ModuleList else ModuleDict({"a": inner})
    outer.init_weights()
    assert all({*value.flatten().tolist()} in ({5}, {0}) for value in outer.parameters())


def test_layers_are_built_by_name() -> None:
    assert isinstance(MODELS.build({"type": "Sequential"}), Sequential)
    assert isinstance(MODELS.build({"type": "RReLU", "lower": 0.2}), nn.RReLU)


def test_a_sequence_of_named_modules() -> None:
    named: OrderedDict[str, nn.Module] = OrderedDict(first=nn.Linear(1, 2), second=nn.Linear(2, 1))
    for made in (Sequential(named), Sequential(named, init_cfg={"type": "Constant", "val": 1.0})):
        assert [name for name, _ in made.named_children()] == ["first", "second"]
        assert isinstance(made, nn.Sequential)
