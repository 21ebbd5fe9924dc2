"""Dictionaries in models that are traced."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

from engine.model import merge_dict


def test_of_equal_keys_the_last_one_counts() -> None:
    first = {"a": 1, "b": 2}
    assert merge_dict() == {}
    assert merge_dict(first, {"b": 3}, {"c": 4}) == {"a": 1, "b": 3, "c": 4}
    assert first == {"a": 1, "b": 2}


class _Losses(nn.Module):
    def forward(self, first: Any, x: Tensor) -> Any:
        return merge_dict(first, {"b": x * 2})


def test_a_merge_is_one_node_of_a_traced_model() -> None:
    traced = fx.symbolic_trace(_Losses())
    assert [node.target for node in traced.graph.nodes].count(merge_dict) == 1
    x = torch.ones(2)
    merged = traced({"a": x}, x)
    assert list(merged) == ["a", "b"]
    assert merged["b"].tolist() == [2.0, 2.0]
