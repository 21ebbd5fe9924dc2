"""Samples drawn by the weights of their classes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset import ClassWeightedSampler
from engine.registry import DATA_SAMPLERS
from engine.testing import as_process


class Labels:
    """A dataset that has classes only."""

    def __init__(self, *classes: Any) -> None:
        self.classes = classes

    def __len__(self) -> int:
        return len(self.classes)

    def get_cat_ids(self, index: int) -> list[int]:
        own = self.classes[index]
        return [own] if isinstance(own, int) else list(own)


RARE = Labels(*[0] * 900, *[1] * 90, *[2] * 10)


def drawn(dataset: Labels, epochs: int = 20, **options: Any) -> Counter[int]:
    sampler = DATA_SAMPLERS.build(
        {"type": "ClassWeightedSampler", "seed": 0, **options}, default_args={"dataset": dataset}
    )
    found: Counter[int] = Counter()
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        found.update(dataset.get_cat_ids(index)[0] for index in sampler)
    return found


def test_each_class_is_drawn_as_often_as_any_other() -> None:
    found = drawn(RARE)
    assert found.total() == 20 * len(RARE)
    for label in range(3):
        assert found[label] / found.total() == pytest.approx(1 / 3, abs=0.02)


def test_weights_are_those_of_a_sample() -> None:
    found = drawn(RARE, class_weight=[0, 1, 9])
    assert found[0] == 0
    assert found[1] / found.total() == pytest.approx(0.5, abs=0.02)


def test_of_several_classes_the_largest_weight_counts() -> None:
    found = drawn(Labels(0, (1, 2), ()), epochs=400, class_weight=[1, 0, 3])
    assert set(found) == {0, 1}
    assert found[1] / found.total() == pytest.approx(0.75, abs=0.04)


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(0, 60))
def test_processes_and_resumed_runs_share_one_order(seed: int, count: int, start: int) -> None:
    data = Labels(*[0] * 50, *[1] * 11)
    whole = list(ClassWeightedSampler(data, seed=seed))
    state = torch.random.get_rng_state()
    parts = []
    for rank in range(count):
        with as_process(rank, count):
            sampler = ClassWeightedSampler(data, seed=seed)
            sampler.start_at(start)
            parts.append(list(sampler))
    assert torch.equal(torch.random.get_rng_state(), state)
    merged = [index for group in zip(*parts, strict=True) for index in group]
    assert merged[: len(whole) - start] == whole[start:]


def test_wrong_weights() -> None:
    with pytest.raises(ValueError, match="has 2 weights; there is none for the class 2"):
        drawn(RARE, class_weight=[1, 1])
    with pytest.raises(ValueError, match="a weight is at least 0; got -1"):
        drawn(RARE, class_weight=[1, -1, 1])
    with pytest.raises(ValueError, match="all samples have the weight 0"):
        drawn(RARE, class_weight=[0, 0, 0])
