"""Comparisons."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine import testing


def test_close_values() -> None:
    testing.assert_allclose(torch.ones(2), np.ones(2))
    testing.assert_allclose(1.0, torch.tensor(1.05), rtol=0.1, atol=0.0)
    testing.assert_allclose([float("nan")], [float("nan")])
    with pytest.raises(AssertionError, match="not close"):
        testing.assert_allclose(torch.ones(2), torch.zeros(2))
    with pytest.raises(AssertionError, match="the masks differ"):
        testing.assert_allclose([1.0], [2.0], msg="the masks differ")
    with pytest.raises(AssertionError):
        testing.assert_allclose([float("nan")], [float("nan")], equal_nan=False)


VALUES = {"a": 1, "b": np.arange(3), "c": torch.ones(2), "d": None, "e": [1, "x"]}


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({}, True),
        ({"a": 1, "d": None}, True),
        ({"b": np.arange(3), "c": torch.ones(2), "e": [1, "x"]}, True),
        ({"a": 2}, False),
        ({"f": None}, False),
        ({"b": np.arange(4)}, False),
        ({"b": [0, 1, 2]}, False),
        ({"c": torch.zeros(2)}, False),
        ({"c": torch.ones(3)}, False),
        ({"a": torch.tensor(1)}, False),
        ({"e": [1]}, False),
    ],
)
def test_items_and_attributes(expected: dict[str, Any], holds: bool) -> None:
    assert testing.assert_dict_contains_subset(VALUES, expected) is holds
    assert testing.assert_attrs_equal(SimpleNamespace(**VALUES), expected) is holds


def test_keys() -> None:
    assert testing.assert_dict_has_keys({"a": 1, "b": 2}, ["b"])
    assert not testing.assert_dict_has_keys({"a": 1}, ["a", "b"])
    assert testing.assert_keys_equal(["a", "b"], ["b", "a"])
    assert not testing.assert_keys_equal(["a"], ["a", "b"])


def test_modules() -> None:
    assert testing.assert_is_norm_layer(nn.GroupNorm(1, 2))
    assert not testing.assert_is_norm_layer(nn.Conv2d(1, 1, 1))
    layer = nn.Linear(2, 2, bias=False)
    assert not testing.assert_params_all_zeros(layer)
    nn.init.zeros_(layer.weight)
    assert testing.assert_params_all_zeros(layer)
    layer.bias = nn.Parameter(torch.tensor([0.0, 1.0]))
    assert not testing.assert_params_all_zeros(layer)
