"""Pipelines and collate functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from engine.dataset import Compose, default_collate, pseudo_collate
from engine.registry import FUNCTIONS, Registry
from engine.structures import InstanceData


class Pair(NamedTuple):
    """Two parts of a sample."""

    first: Any
    second: Any


def sample(number: int) -> dict[str, Any]:
    return {
        "inputs": torch.full((2, 3), float(number)),
        "data_samples": InstanceData(labels=[number]),
        "name": str(number),
        "number": number,
        "pair": Pair(number, [number, number]),
    }


def test_transforms_run_in_order() -> None:
    class AddOne:
        def __init__(self, by: int = 1) -> None:
            self.by = by

        def __call__(self, value: int) -> int:
            return value + self.by

        def __repr__(self) -> str:
            return f"AddOne({self.by})"

    registry: Registry[Any] = Registry("transform", scope="composed")
    registry.register_module(module=AddOne)
    compose = Compose([{"type": "AddOne", "by": 2}, lambda value: value * 10], registry)
    assert compose(1) == 30
    assert "    AddOne(2)\n" in repr(compose)
    assert Compose(None)(7) == 7


def test_a_sample_that_is_given_up_goes_no_further() -> None:
    assert Compose([lambda _: None, lambda value: value + 1])(1) is None


def test_a_transform_must_be_callable() -> None:
    with pytest.raises(TypeError, match="a callable or the config of one, got 'Resize'"):
        Compose(["Resize"])  # type: ignore[list-item]  # the mistake under test


def test_pseudo_collate_makes_lists() -> None:
    samples = [sample(1), sample(2)]
    batch = FUNCTIONS.get("pseudo_collate")(samples)
    assert batch["inputs"] == [samples[0]["inputs"], samples[1]["inputs"]]
    assert batch["data_samples"] == [samples[0]["data_samples"], samples[1]["data_samples"]]
    assert batch["name"] == ["1", "2"]
    assert batch["number"] == [1, 2]
    assert batch["pair"] == Pair([1, 2], [[1, 2], [1, 2]])
    assert pseudo_collate([(1, "a"), (2, "b")]) == [[1, 2], ["a", "b"]]
    assert pseudo_collate([3, 4]) == [3, 4]


def test_default_collate_stacks_tensors() -> None:
    samples = [sample(1), sample(2)]
    batch = default_collate(samples)
    assert batch["inputs"].shape == (2, 2, 3)
    assert batch["data_samples"] == [samples[0]["data_samples"], samples[1]["data_samples"]]
    assert batch["name"] == ["1", "2"]
    assert torch.equal(batch["number"], torch.tensor([1, 2]))
    assert torch.equal(batch["pair"].first, torch.tensor([1, 2]))
    assert torch.equal(default_collate([np.zeros(2), np.ones(2)])[1], torch.ones(2).double())


@pytest.mark.parametrize("collate", [pseudo_collate, default_collate])
def test_uneven_sequences_are_an_error(collate: Any) -> None:
    with pytest.raises(ValueError, match="sequences have lengths 1, 2"):
        collate([[1], [1, 2]])
