"""Base class of metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch

from engine.dist import (
    broadcast_object_list,
    collect_results,
    get_results_group,
    is_main_process,
)
from engine.logging import get_logger
from engine.registry import needs_trust
from engine.registry.restrictions import WRITES_ELSEWHERE
from engine.utils import check_types

_PLAIN = frozenset({bool, int, float, str})


@needs_trust(collect_dir=WRITES_ELSEWHERE)
class BaseMetric(ABC):
    """A metric that gathers a result per sample, and computes its values from all of them.

    `process` appends to `self.results`, in each process for the samples of that process; results
    are plain data and tensors. `compute_metrics` gets the results of all processes in the order of
    the dataset, in the first process only. Where the values follow from sums, a `SumMetric` gathers
    nothing.

    One that appends nothing, because it only writes files, gives a warning; its
    `compute_metrics` gets an empty list.

    Args:
        collect_device: How the results of other processes travel: `'cpu'` through main memory, or
            `'gpu'` as the data of the training does; see `engine.dist.collect_results`.
        prefix: What to put in front of the names of the values, with a slash; by default, the class
            attribute `default_prefix`.
        collect_dir: Taken for the sake of metrics written for MMEngine, and not used: there are no
            files.
    """

    default_prefix: ClassVar[str | None] = None
    """The prefix of a metric that is given none."""

    @check_types
    def __init__(
        self,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        self.collect_device = collect_device
        self.collect_dir = collect_dir
        self.prefix: str | None = prefix or self.default_prefix
        self.results: list[Any] = []
        self._dataset_meta: Mapping[str, Any] | None = None

    @classmethod
    def value_names(cls, **options: Any) -> Collection[str] | None:
        """Return the names of the values without their prefix; None if they are not known.

        The linter holds against them what a config monitors, as `save_best` does.

        Args:
            **options: The options of the metric in a config.
        """
        return None

    @property
    def dataset_meta(self) -> Mapping[str, Any] | None:
        """What is known about the dataset as a whole, the names of the classes for example."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        self._dataset_meta = dataset_meta

    @abstractmethod
    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Append the results of a batch to `self.results`, one for each sample.

        Args:
            data_batch: The batch as the data loader gave it.
            data_samples: The outputs of the model, as dictionaries.
        """

    @abstractmethod
    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        """Compute the values from the results of all samples.

        Args:
            results: The results.
        """

    def evaluate(self, size: int) -> dict[str, Any]:
        """Gather the results of all processes, compute the values, and forget the results.

        Args:
            size: The number of samples of the dataset. Results beyond it come from samples that
                were repeated to fill the last batches, and are dropped.

        Returns:
            The values by their names, the same in all processes.

        Raises:
            ValueError: If there are no results, and `compute_metrics` can't do without.
        """
        collected = self._collect(size)
        self.results.clear()
        shared: list[Any] = [self._named_values(collected)] if is_main_process() else [None]
        broadcast_object_list(shared, group=get_results_group())
        values: dict[str, Any] = shared[0]
        return values

    def _collect(self, size: int) -> list[Any] | None:
        """Return the results of all processes, None in others than the first."""
        return collect_results(self.results, size, self.collect_device)

    def _named_values(self, results: list[Any] | None) -> dict[str, Any]:
        values = self.compute_metrics(_on_cpu(results)) if results else self._without_results()
        start = f"{self.prefix}/" if self.prefix else ""
        return {
            f"{start}{name}": value.item() if isinstance(value, np.generic) else value
            for name, value in values.items()
        }

    def _without_results(self) -> dict[str, Any]:
        """Compute the values of a metric that only writes files, for example."""
        message = (
            f"{type(self).__name__} has no results: its process() appended none to self.results"
        )
        get_logger().warning("%s", message)
        try:
            values = self.compute_metrics([])
        except Exception as error:
            raise ValueError(message) from error
        if any(value != value for value in values.values() if isinstance(value, Real)):
            raise ValueError(message)  # the mean of nothing, for example, which is NaN
        return values


def _on_cpu(data: Any) -> Any:
    """Move all tensors in lists, tuples and dictionaries to main memory."""
    kind = type(data)
    if isinstance(data, torch.Tensor):
        return data if data.is_cpu else data.cpu()
    if isinstance(data, dict):
        if _PLAIN.issuperset(map(type, data.values())):
            return data
        return {
            key: value if type(value) in _PLAIN else _on_cpu(value) for key, value in data.items()
        }
    if isinstance(data, list | tuple) and not hasattr(data, "_fields"):
        return data if _PLAIN.issuperset(map(type, data)) else kind(map(_on_cpu, data))
    return data
