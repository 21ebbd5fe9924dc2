"""Dataset wrappers: concatenation, repetition and class balance."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any, NoReturn

from torch.utils.data import Dataset, Subset

from engine.registry import DATASETS
from engine.utils import check_types, same_value

from ._base import force_full_init

Given = Dataset[Any] | Mapping[str, Any]  # a `BaseDataset`, or another of these wrappers


class Wrapper(Dataset[Any], ABC):
    """What the wrappers share: where a sample comes from is decided once, and nothing is copied.

    A subclass may set up its datasets and `_metainfo` itself, without the constructor of its base.
    """

    _metainfo: dict[str, Any]
    _fully_initialized = False
    _takes_metainfo = False  # from the first dataset, whose annotation file may tell more

    def _begin(self, lazy_init: bool) -> None:
        """Take the metainfo of the first dataset, and read the annotations unless that may wait."""
        self._takes_metainfo = True
        self._metainfo = self._parts()[0].metainfo
        if not lazy_init:
            self.full_init()

    def _build(self, dataset: Given) -> Any:
        """Build a dataset from its config; one that is built already is returned as it is."""
        if isinstance(dataset, Mapping):
            return DATASETS.of_library(self).build(dataset)
        if not hasattr(dataset, "metainfo"):
            raise TypeError(
                f"{type(self).__name__} wraps datasets with a metainfo, or their configs, not "
                f"{dataset!r}"
            )
        return dataset

    @abstractmethod
    def _parts(self) -> Sequence[Any]:
        """Return the datasets that are wrapped."""

    @property
    def metainfo(self) -> dict[str, Any]:
        """A copy of what is known about the dataset as a whole."""
        return copy.deepcopy(self._metainfo)

    def full_init(self) -> None:
        """Read the annotations, unless that was done."""
        if self._fully_initialized:
            return
        for dataset in self._parts():
            dataset.full_init()
        if self._takes_metainfo:
            self._metainfo = self._parts()[0].metainfo
        self._prepare()
        self._fully_initialized = True

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the dictionary of a sample.

        Args:
            idx: The index; a negative one counts from the end.
        """
        dataset, index = self._origin(range(len(self))[idx])
        info: dict[str, Any] = dataset.get_data_info(index)
        return info

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the classes that are in a sample.

        Args:
            idx: The index.
        """
        dataset, index = self._origin(range(len(self))[idx])
        classes: list[int] = dataset.get_cat_ids(index)
        return classes

    @force_full_init
    def __getitem__(self, idx: int) -> Any:
        """Return a sample as the pipeline of its dataset makes it."""
        dataset, index = self._origin(range(len(self))[idx])
        return dataset[index]

    @force_full_init
    def __len__(self) -> int:
        """Return the number of samples."""
        return self._count()

    def get_subset_(self, indices: int | Sequence[int]) -> NoReturn:
        """Refuse, as documented: which samples a number would mean is not clear here.

        Raises:
            NotImplementedError: Always; the error says what to do instead.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no subsets: take them of the datasets that it is made of, "
            "by their argument `indices` or by `get_subset`"
        )

    get_subset = get_subset_

    def _prepare(self) -> None:
        """Work out where samples come from, when all datasets have been read."""

    @abstractmethod
    def _count(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def _origin(self, idx: int) -> tuple[Any, int]:
        """Return the dataset that a sample is of, and its index there."""


def origin_of(dataset: Any, idx: int) -> tuple[Any, int]:
    """Return the dataset that a sample is of within wrappers, at any depth, and its index there.

    Args:
        dataset: The dataset, or one of engine's wrappers, or a `Subset` of torch.
        idx: The index.
    """
    while True:
        if isinstance(dataset, Wrapper):
            if not dataset._fully_initialized:
                dataset.full_init()
            dataset, idx = dataset._origin(idx)
        elif isinstance(dataset, Subset):
            dataset, idx = dataset.dataset, dataset.indices[idx]
        else:
            return dataset, idx


@DATASETS.register_module()
class ConcatDataset(Wrapper):
    """Several datasets, one after the other.

    Its `metainfo` is that of the first.

    Args:
        datasets: The datasets, or their configs.
        lazy_init: Whether to read the annotations only when they are needed.
        ignore_keys: In which keys of their `metainfo` they may differ.

    Attributes:
        datasets: The datasets.
        cumulative_sizes: The number of samples up to the end of each dataset, once all are read.

    Raises:
        ValueError: If there are none, or their `metainfo` differs.
    """

    @check_types
    def __init__(
        self,
        datasets: Sequence[Given],
        lazy_init: bool = False,
        ignore_keys: str | Sequence[str] | None = None,
    ) -> None:
        if not datasets:
            raise ValueError("datasets of ConcatDataset has at least one dataset")
        self.ignore_keys: Collection[str]
        self.ignore_keys = {ignore_keys} if isinstance(ignore_keys, str) else {*(ignore_keys or ())}
        self.datasets: list[Any] = [self._build(each) for each in datasets]
        self._begin(lazy_init)
        self._compare()

    def _parts(self) -> Sequence[Any]:
        return self.datasets

    def _prepare(self) -> None:
        self.cumulative_sizes: list[int] = list(accumulate(map(len, self.datasets)))
        if self._takes_metainfo:
            self._compare()

    def _compare(self) -> None:
        """Hold the metainfo of all datasets against that of the first."""
        first = self._relevant(self.datasets[0])
        for number, dataset in enumerate(self.datasets[1:], 1):
            other = self._relevant(dataset)
            differing = sorted(
                key for key in {*first, *other} if not same_value(first.get(key), other.get(key))
            )
            if differing:
                key = differing[0]
                raise ValueError(
                    f"the metainfo of dataset {number} of ConcatDataset differs from that of the "
                    f"first in {', '.join(differing)}: {key} is {other.get(key)!r}, not "
                    f"{first.get(key)!r}. Name in ignore_keys what may differ"
                )

    def _relevant(self, dataset: Any) -> dict[str, Any]:
        return {
            key: value for key, value in dataset.metainfo.items() if key not in self.ignore_keys
        }

    def _count(self) -> int:
        return self.cumulative_sizes[-1]

    def _origin(self, idx: int) -> tuple[Any, int]:
        number, index = self._get_ori_dataset_idx(idx)
        return self.datasets[number], index

    @force_full_init
    def _get_ori_dataset_idx(self, idx: int) -> tuple[int, int]:
        """Return the number of the dataset that a sample is of, and its index there."""
        idx = range(len(self))[idx]
        number = bisect_right(self.cumulative_sizes, idx)
        return number, idx - (self.cumulative_sizes[number - 1] if number else 0)


@DATASETS.register_module()
class RepeatDataset(Wrapper):
    """A dataset several times over, so that a pass over a small one takes longer.

    Args:
        dataset: The dataset, or its config.
        times: How many times.
        lazy_init: Whether to read the annotations only when they are needed.

    Attributes:
        dataset: The dataset.

    Raises:
        ValueError: If `times` is not positive.
    """

    @check_types
    def __init__(self, dataset: Given, times: int, lazy_init: bool = False) -> None:
        if times < 1:
            raise ValueError(f"times of RepeatDataset is at least 1; got {times}")
        self.times = times
        self.dataset: Any = self._build(dataset)
        self._begin(lazy_init)

    def _parts(self) -> Sequence[Any]:
        return [self.dataset]

    def _count(self) -> int:
        return self.times * len(self.dataset)

    def _origin(self, idx: int) -> tuple[Any, int]:
        return self.dataset, idx % len(self.dataset)


@DATASETS.register_module()
class ClassBalancedDataset(Wrapper):
    """A dataset in which samples of rare classes are repeated.

    A class that the fraction f of the samples has calls for r = max(1, sqrt(t / f)) times its
    samples. A sample is there as often as the neediest of its classes calls for, rounded up.

    Source: Gupta et al., LVIS: A Dataset for Large Vocabulary Instance Segmentation, 2019.

    Args:
        dataset: The dataset, or its config; it has `get_cat_ids`.
        oversample_thr: The fraction t of samples below which a class is rare.
        lazy_init: Whether to read the annotations only when they are needed.

    Attributes:
        dataset: The dataset.
        repeat_indices: The indices of the samples, each as often as it is there.

    Raises:
        ValueError: If `oversample_thr` is no fraction.
    """

    @check_types
    def __init__(self, dataset: Given, oversample_thr: float, lazy_init: bool = False) -> None:
        if not 0 <= oversample_thr <= 1:
            raise ValueError(
                f"oversample_thr of ClassBalancedDataset is 0 to 1; got {oversample_thr}"
            )
        self.oversample_thr = oversample_thr
        self.repeat_indices: list[int] = []
        self.dataset: Any = self._build(dataset)
        self._begin(lazy_init)

    def _parts(self) -> Sequence[Any]:
        return [self.dataset]

    def _prepare(self) -> None:
        dataset = self.dataset
        classes = [{*dataset.get_cat_ids(index)} for index in range(len(dataset))]
        counts = Counter(each for sample in classes for each in sample)
        needs = {
            each: math.sqrt(self.oversample_thr * len(classes) / count)
            for each, count in counts.items()
        }
        self.repeat_indices = [
            index
            for index, sample in enumerate(classes)
            for _ in range(math.ceil(max([1.0, *(needs[each] for each in sample)])))
        ]

    def _count(self) -> int:
        return len(self.repeat_indices)

    def _origin(self, idx: int) -> tuple[Any, int]:
        return self.dataset, self.repeat_indices[idx]
