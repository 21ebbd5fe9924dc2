"""On which device data is."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
import torch

from engine.dist import cast_data_device, get_data_device

META = torch.device("meta")  # stands for another device, since each machine has it
CPU = torch.device("cpu")


class Pair(NamedTuple):
    a: Any
    b: Any


def nested(device: torch.device) -> Any:
    one = torch.ones(2, device=device)
    return OrderedDict(a=[one, (one, one)], b=Pair(one, {"c": one}))


def test_all_tensors_move() -> None:
    assert get_data_device(nested(CPU)) == CPU
    moved = cast_data_device(nested(CPU), META)
    assert get_data_device(moved) == META
    assert isinstance(moved, OrderedDict)
    assert isinstance(moved["b"], Pair)
    assert [type(each) for each in moved["a"]] == [torch.Tensor, tuple]
    assert cast_data_device(torch.ones(1), META).device == META


def test_values_go_into_data_of_the_same_structure() -> None:
    target = nested(CPU)
    result = cast_data_device([torch.zeros(2) for _ in range(5)], CPU, out=target)
    assert result is target
    assert target["b"].b["c"].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="differ in number or shape"):
        cast_data_device([torch.zeros(2)], CPU, out=target)
    with pytest.raises(ValueError, match="differ in number or shape"):
        cast_data_device(torch.zeros(2), CPU, out=torch.zeros(3))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "there are no tensors"),
        ({}, "there are no tensors"),
        ([torch.ones(1), torch.ones(1, device=META)], "there are cpu, meta"),
    ],
)
def test_one_device_is_expected(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        get_data_device(data)


@pytest.mark.parametrize("data", ["text", 1, [torch.ones(1), None], {"a": {"b": 2.0}}])
def test_there_is_nothing_but_tensors(data: Any) -> None:
    for function in (get_data_device, lambda data: cast_data_device(data, CPU)):
        with pytest.raises(TypeError, match="lists, tuples and mappings of tensors; got"):
            function(data)
