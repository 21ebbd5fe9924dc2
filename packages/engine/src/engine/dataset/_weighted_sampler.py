"""Sampler that draws rare classes as often as common ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from engine.registry import DATA_SAMPLERS
from engine.utils import check_types

from ._samplers import DefaultSampler


@DATA_SAMPLERS.register_module()
class ClassWeightedSampler(DefaultSampler):
    """Draw samples with replacement, by weights of their classes.

    An epoch has as many samples as the dataset. It is `torch.utils.data.WeightedRandomSampler` for
    several processes and runs that are resumed.

    Args:
        dataset: The dataset, with `get_cat_ids`. A sample of several classes has the largest of
            their weights.
        class_weight: How often a sample of each class is drawn, in relation to those of others.
            None draws all classes of the dataset equally often: the weight is 1 over the number of
            samples of the class.
        seed: As in `DefaultSampler`.

    Raises:
        ValueError: If there is no weight for a class, a weight is negative, or all are 0.
    """

    @check_types
    def __init__(
        self,
        dataset: Any,
        class_weight: Sequence[float] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(dataset, shuffle=True, seed=seed)
        classes = [{*dataset.get_cat_ids(index)} for index in range(len(dataset))]
        weights = _equal_weights(classes) if class_weight is None else dict(enumerate(class_weight))
        _check(weights, classes)
        self._weights = torch.tensor(
            [max((weights[each] for each in own), default=0.0) for own in classes],
            dtype=torch.float64,
        )
        if self._weights.numel() and not self._weights.any():
            raise ValueError("ClassWeightedSampler: all samples have the weight 0")

    def _order(self, number: int) -> list[int]:
        generator = torch.Generator().manual_seed(self.seed + number)
        # Not torch.multinomial, which takes 2**24 samples at most.
        ends = self._weights.cumsum(0)
        drawn = torch.rand(len(ends), generator=generator, dtype=torch.float64) * ends[-1]
        order: list[int] = torch.searchsorted(ends, drawn, right=True).tolist()
        return order


def _equal_weights(classes: Sequence[set[int]]) -> dict[int, float]:
    counts = Counter(each for own in classes for each in own)
    return {each: 1 / count for each, count in counts.items()}


def _check(weights: dict[int, float], classes: Sequence[set[int]]) -> None:
    known = set().union(*classes)
    if missing := sorted(known - weights.keys()):
        raise ValueError(
            f"ClassWeightedSampler: class_weight has {len(weights)} weights; there is none for the "
            f"class {missing[0]}"
        )
    if negative := [weight for weight in weights.values() if not 0 <= weight < float("inf")]:
        raise ValueError(f"ClassWeightedSampler: a weight is at least 0; got {negative[0]}")
