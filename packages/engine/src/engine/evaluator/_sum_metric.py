"""Base class of metrics that are functions of sums."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.dist import (
    all_gather_object,
    all_reduce_dict,
    get_comm_device,
    get_data_copies,
    get_rank,
    get_results_group,
    is_distributed,
)

from ._last_sample import LastSample
from ._metric import BaseMetric


class SumMetric(BaseMetric):
    """A metric whose values follow from sums over the samples, as an accuracy does from two counts.

    A process keeps no more than the sums, and those of all processes are added up: nothing is
    gathered, however many samples there are. A sample that was repeated to fill the last batch is
    left out. Whole numbers give in several processes the values of one exactly.

    A subclass writes `sums_of` and `compute_values`:

    ```python
    class MeanError(SumMetric):
        def sums_of(self, data_samples):
            errors = torch.stack([(each["pred"] - each["truth"]).abs() for each in data_samples])
            return {"error": errors.double().sum(), "count": len(errors)}

        def compute_values(self, sums):
            return {"mean_error": (sums["error"] / sums["count"]).item()}
    ```

    Args:
        collect_device: As in `BaseMetric`.
        prefix: As in `BaseMetric`.
        collect_dir: As in `BaseMetric`.
    """

    def __init__(
        self,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self._last = LastSample[Mapping[str, Tensor | float]]()

    @abstractmethod
    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> Mapping[str, Tensor | float]:
        """Return the sums over some samples by their names, as tensors or numbers.

        A tensor may be larger for other samples, as the counts of the classes that occur are: it
        is filled up with zeros.

        Args:
            data_samples: The outputs of the model, as dictionaries; at least one.
        """

    @abstractmethod
    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, Any]:
        """Compute the values, in the first process only.

        Args:
            sums: The sums over all samples, in main memory.
        """

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Add the sums of a batch.

        Args:
            data_batch: Not used.
            data_samples: The outputs of the model, as dictionaries.
        """
        counted = data_samples
        if is_distributed() and data_samples:
            counted, last = data_samples[:-1], data_samples[-1:]
            for sums in self._last.replace(len(data_samples), self.sums_of(last)):
                self._add(sums)
        if counted:
            self._add(self.sums_of(counted))

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        """Compute the values.

        Args:
            results: The sums over all samples, alone.
        """
        [sums] = results
        return self.compute_values(sums)

    def _add(self, sums: Mapping[str, Tensor | float]) -> None:
        if not self.results:
            self.results.append({})
        [totals] = self.results
        for name, value in sums.items():
            added = _as_tensor(value)
            if name in totals:
                shape = _common_shape(name, [added.shape, totals[name].shape])
                added = _filled(added, shape) + _filled(totals[name], shape)
            totals[name] = added

    def _collect(self, size: int) -> list[Any]:
        for sums in self._last.take(size, type(self).__name__):
            self._add(sums)
        collected = self._reduced() if is_distributed() else self.results[:]
        if not collected:
            raise ValueError(f"{type(self).__name__} has seen no samples")
        return collected

    def _reduced(self) -> list[dict[str, Tensor]]:
        """Return the sums of all processes, of which some may have had no sample."""
        group = get_results_group() if self.collect_device == "cpu" else None
        device = get_comm_device(group)
        # Of neighbors that compute a batch together, one counts.
        is_counted = bool(self.results) and get_rank() % get_data_copies() == 0
        own: dict[str, Tensor] = self.results[0] if is_counted else {}
        layouts = all_gather_object(
            {name: (each.shape, each.dtype) for name, each in own.items()}, group
        )
        sums = {}
        for name in {name: None for layout in layouts for name in layout}:
            shapes, dtypes = zip(
                *(layout[name] for layout in layouts if name in layout), strict=True
            )
            shape = _common_shape(name, shapes)
            dtype = functools.reduce(torch.promote_types, dtypes)
            total = own.get(name, torch.zeros(shape))
            sums[name] = _filled(total, shape).to(device, dtype, copy=True)
        all_reduce_dict(sums, group=group)
        return [sums] if sums else []


def _as_tensor(value: Tensor | float) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else torch.int64)


def _common_shape(name: str, shapes: Sequence[torch.Size]) -> list[int]:
    if len({*map(len, shapes)}) > 1:
        told = ", ".join(str(tuple(shape)) for shape in shapes)
        raise ValueError(f"the sum {name!r} has as many dimensions for all samples; got {told}")
    return [*map(max, zip(*shapes, strict=True))]


def _filled(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a tensor with zeros behind its values in each dimension."""
    if [*tensor.shape] == [*shape]:
        return tensor
    filled = tensor.new_zeros(shape)
    filled[tuple(map(slice, tensor.shape))] = tensor
    return filled
