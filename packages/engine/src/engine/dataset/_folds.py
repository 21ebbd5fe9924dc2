"""Folds of a dataset, for cross-validation."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Literal

from engine.logging import get_logger
from engine.registry import DATASETS
from engine.utils import check_types

from ._wrappers import Given, Wrapper


@DATASETS.register_module()
class FoldDataset(Wrapper):
    """One of the folds of a dataset, or all others.

    The folds are stratified: each has the same share of the samples of a class. A sample of several
    classes counts for that which the fewest samples have. A dataset without `get_cat_ids` is
    divided at random.

    Args:
        dataset: The dataset, or its config.
        fold: The number of the fold, from 0.
        folds: How many folds there are.
        part: `'val'` has the samples of the fold, `'train'` those of the others.
        seed: The seed of the division.
        lazy_init: Whether to read the annotations only when they are needed.

    Attributes:
        dataset: The dataset.
        indices: The indices of the samples in the dataset.

    Raises:
        ValueError: If there is no such fold or part, or fewer samples than folds.
    """

    @check_types
    def __init__(
        self,
        dataset: Given,
        fold: int,
        folds: int = 5,
        part: Literal["train", "val"] = "train",
        seed: int = 0,
        lazy_init: bool = False,
    ) -> None:
        if folds < 2 or not 0 <= fold < folds:
            raise ValueError(
                f"FoldDataset has at least 2 folds, and a fold from 0 up; got fold {fold} of "
                f"{folds}"
            )
        self.fold: int = fold
        self.folds: int = folds
        self.part = part
        self.seed: int = seed
        self.indices: list[int] = []
        self.dataset: Any = self._build(dataset)
        self._begin(lazy_init)

    def _parts(self) -> Sequence[Any]:
        return [self.dataset]

    def _prepare(self) -> None:
        assigned = assign_folds(_classes_in(self.dataset), self.folds, self.seed)
        is_val = self.part == "val"
        self.indices = [i for i, fold in enumerate(assigned) if (fold == self.fold) == is_val]

    def _count(self) -> int:
        return len(self.indices)

    def _origin(self, idx: int) -> tuple[Any, int]:
        return self.dataset, self.indices[idx]


def assign_folds(classes: Sequence[Collection[int]], folds: int, seed: int = 0) -> list[int]:
    """Return the fold of each sample.

    The folds differ by at most one sample, and by at most one of those that have a certain class as
    their rarest.

    Args:
        classes: The classes in each sample.
        folds: How many folds there are.
        seed: The seed of the division.

    Raises:
        ValueError: If there are fewer samples than folds.
    """
    if len(classes) < folds:
        raise ValueError(f"{len(classes)} samples are too few for {folds} folds")
    counts = Counter(each for sample in classes for each in set(sample))
    rarest = [min(sample, key=lambda each: (counts[each], each), default=-1) for sample in classes]
    order = list(range(len(classes)))
    random.Random(seed).shuffle(order)
    order.sort(key=rarest.__getitem__)
    assigned = [0] * len(classes)
    for place, index in enumerate(order):
        assigned[index] = place % folds
    return assigned


def _classes_in(dataset: Any) -> list[list[int]]:
    """Return the classes in each sample of a dataset."""
    try:
        return [dataset.get_cat_ids(index) for index in range(len(dataset))]
    except (AttributeError, NotImplementedError):
        get_logger().warning(
            "%s has no get_cat_ids: its folds are not stratified", type(dataset).__name__
        )
        return [[] for _ in range(len(dataset))]
