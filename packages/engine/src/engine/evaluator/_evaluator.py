"""Several metrics at once."""

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
    """

    def __init__(
        self, metrics: Mapping[str, Any] | BaseMetric | Sequence[Mapping[str, Any] | BaseMetric]
    ) -> None:
        given = metrics if isinstance(metrics, Sequence) else [metrics]
        self.metrics: list[BaseMetric] = [
            METRICS.build(metric) if isinstance(metric, Mapping) else metric for metric in given
        ]
        self._dataset_meta: Mapping[str, Any] | None = None

    @property
    def dataset_meta(self) -> Mapping[str, Any] | None:
        """What is known about the data set as a whole; setting it tells all metrics."""
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
        samples = [
            sample.to_dict() if isinstance(sample, BaseDataElement) else sample
            for sample in data_samples
        ]
        for metric in self.metrics:
            metric.process(data_batch, samples)

    def evaluate(self, size: int) -> dict[str, Any]:
        """Compute the values of all metrics.

        Args:
            size: The number of samples of the data set.

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
