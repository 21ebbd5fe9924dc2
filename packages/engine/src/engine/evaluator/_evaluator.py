"""Evaluator: several metrics at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.registry import EVALUATOR, METRICS
from engine.structures import BaseDataElement

from ._metric import BaseMetric


@EVALUATOR.register_module()
class Evaluator:
    """Feed the outputs of a model to metrics.

    Args:
        metrics: A metric, its config, or a sequence of those.

    Raises:
        TypeError: If one is neither.
    """

    def __init__(
        self, metrics: Mapping[str, Any] | BaseMetric | Sequence[Mapping[str, Any] | BaseMetric]
    ) -> None:
        given: Sequence[Any] = metrics if isinstance(metrics, Sequence) else [metrics]
        for each in given:
            if not hasattr(each, "evaluate") and not isinstance(each, Mapping):
                raise TypeError(f"metrics: each is a metric or its config, not {each!r}")
        self.metrics: list[BaseMetric] = [
            METRICS.build(metric) if isinstance(metric, Mapping) else metric for metric in given
        ]
        self._dataset_meta: Mapping[str, Any] | None = None

    @property
    def dataset_meta(self) -> Mapping[str, Any] | None:
        """Facts about the dataset; setting them sets those of all metrics."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        self._dataset_meta = dataset_meta
        for metric in self.metrics:
            metric.dataset_meta = dataset_meta

    def process(self, data_samples: Sequence[Any], data_batch: Any = None) -> None:
        """Let each metric see a batch.

        Args:
            data_samples: The outputs of the model; data elements become dictionaries.
            data_batch: The batch as the data loader gave it.
        """
        for sample in data_samples:
            if type(sample) is not dict:
                data_samples = _as_dicts(data_samples)
                break
        for metric in self.metrics:
            metric.process(data_batch, data_samples)

    def evaluate(self, size: int) -> dict[str, Any]:
        """Compute the values of all metrics.

        Args:
            size: The number of samples of the dataset.

        Returns:
            The values by their names.

        Raises:
            ValueError: If two metrics give a value of the same name, or one has no results.
        """
        values: dict[str, Any] = {}
        owners: dict[str, BaseMetric] = {}
        for metric in self.metrics:
            for name, value in metric.evaluate(size).items():
                if name in owners:
                    raise ValueError(
                        f"the metrics {type(owners[name]).__name__} and {type(metric).__name__} "
                        f"both give a value {name!r}; give one of them another prefix"
                    )
                owners[name] = metric
                values[name] = value
        return values

    def offline_evaluate(
        self, data_samples: Sequence[Any], data: Sequence[Any] | None = None, chunk_size: int = 256
    ) -> dict[str, Any]:
        """Compute the values of all metrics for outputs that are there, such as those of a file.

        Args:
            data_samples: The outputs of the model, as data elements or dictionaries.
            data: For each of them what the data loader gave; None means nothing.
            chunk_size: How many outputs a metric sees at once.

        Returns:
            The values by their names.

        Raises:
            ValueError: If `data` has another length, or `chunk_size` is not positive.
        """
        if data is not None and len(data) != len(data_samples):
            raise ValueError(
                f"data has an entry for each of the {len(data_samples)} outputs; got {len(data)}"
            )
        if chunk_size < 1:
            raise ValueError(f"chunk_size is at least 1; got {chunk_size}")
        for start in range(0, len(data_samples), chunk_size):
            end = start + chunk_size
            self.process(data_samples[start:end], None if data is None else data[start:end])
        return self.evaluate(len(data_samples))


def _as_dicts(data_samples: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        sample.to_dict() if isinstance(sample, BaseDataElement) else sample
        for sample in data_samples
    ]


def get_metric_value(indicator: str, metrics: Mapping[str, Any]) -> Any:
    """Return the value of a metric.

    Args:
        indicator: The whole name (`val/accuracy`), or the part behind the last slash where only
            one metric ends in it.
        metrics: The values of all metrics by their names.

    Raises:
        ValueError: If no metric is meant, or more than one.
    """
    if indicator in metrics:
        return metrics[indicator]
    matches = [name for name in metrics if name.rpartition("/")[2] == indicator]
    if len(matches) == 1:
        return metrics[matches[0]]
    if matches:
        raise ValueError(f"{indicator!r} may mean {' or '.join(matches)}; give the whole name")
    raise ValueError(f"there is no metric {indicator!r}; there are {', '.join(metrics) or 'none'}")
