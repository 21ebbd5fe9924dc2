"""Metrics of torchmetrics."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torchmetrics
from torch import Tensor

from engine.dist import get_results_group, is_distributed

from ._last_sample import LastSample
from ._metric import BaseMetric

_PREDICTIONS = ("pred_score", "pred_label", "pred_sem_seg.data")
_TARGETS = ("gt_label", "gt_score", "gt_sem_seg.data")
_OWN = ("pred_key", "target_key", "prefix")


class TorchMetric(BaseMetric):
    """A metric of torchmetrics on the outputs of a model.

    It is updated batch by batch, with masks one by one, and keeps its own state only. With several
    processes the states come together as torchmetrics says; a sample that was repeated to fill the
    last batch is left out, so that the counts are exact.

    Classes may be integers of any type, a multi-label truth zeros and ones of any; a mask may be
    predicted as classes or as scores. A metric of masks that has an `input_format` gets what it
    needs, and pixels whose truth is none of its classes don't count. A metric for two classes takes
    the scores of both, too.

    In a config the name of the metric follows the prefix, with the module that it is in:
    `dict(type='torchmetrics.classification.MulticlassAccuracy', num_classes=10)`.

    Args:
        name: The name of the class, such as `classification.MulticlassAccuracy`.
        pred_key: Where the prediction of a sample is, with dots for what is within; None looks for
            `pred_score`, `pred_label` and `pred_sem_seg.data`.
        target_key: Where the truth is; None looks for `gt_label`, `gt_score` and `gt_sem_seg.data`.
        prefix: As in `BaseMetric`.
        **kwargs: The arguments of the metric.
    """

    def __init__(
        self,
        name: str,
        pred_key: str | None = None,
        target_key: str | None = None,
        prefix: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix=prefix)
        self.name = name.rpartition(".")[2]
        make = metric_class(name)
        # Masks of classes become this one, whichever of the formats was asked for.
        self._is_one_hot = "input_format" in inspect.signature(make).parameters
        if self._is_one_hot:
            kwargs = {**kwargs, "input_format": "one-hot"}
        self.metric: torchmetrics.Metric = make(**kwargs)
        self.keys = [pred_key, target_key]
        self._seen = 0
        self._last = LastSample[tuple[Tensor, Tensor]]()

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Update the metric with a batch.

        Args:
            data_batch: Not used.
            data_samples: With predictions and truths.

        Raises:
            ValueError: If a sample has none.
        """
        pairs = [self._pair(sample) for sample in data_samples]
        self._seen += len(pairs)
        if is_distributed() and pairs:
            *others, last = pairs
            pairs = [*self._last.replace(len(pairs), last), *others]
        self._update(pairs)

    def evaluate(self, size: int) -> dict[str, Any]:
        """Bring the states of all processes together, compute the values, and begin anew.

        Args:
            size: The number of samples of the dataset.

        Raises:
            ValueError: If there were no samples, or more were repeated than one for each process.
        """
        if not self._seen:
            raise ValueError(f"{self.name} has seen no samples")
        self._update(self._last.take(size, self.name))
        if is_distributed():
            self.metric.cpu().process_group = get_results_group()
        with warnings.catch_warnings():  # a process may have had none but a repeated sample
            warnings.filterwarnings("ignore", "The ``compute`` method of metric")
            values = self._name_values(self.metric.compute())
        self.metric.reset()
        self._seen = 0
        return values

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        """Not used: `evaluate` asks the metric."""
        raise NotImplementedError

    def _update(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> None:
        if not pairs:
            return
        # Masks one by one: they may be of several sizes, and some metrics average over batches.
        for some in [[pair] for pair in pairs] if pairs[0][1].ndim > 1 else [pairs]:
            predictions, targets = (_batch(each) for each in zip(*some, strict=True))
            if self.name.startswith("Binary") and predictions.shape == (*targets.shape, 2):
                predictions = predictions[..., 1]
            self.metric.to(predictions.device).update(predictions, targets.to(predictions.device))

    def _pair(self, sample: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        prediction, target = (
            self._value(sample, key, defaults)
            for key, defaults in zip(self.keys, (_PREDICTIONS, _TARGETS), strict=True)
        )
        if self._is_one_hot:
            count = getattr(self.metric, "num_classes", None) or len(prediction)
            # A pixel that the truth has no class for counts for none.
            counts = (target >= 0) & (target < count) if len(target) == 1 else None
            return _one_hot(prediction, count, counts), _one_hot(target, count, counts)
        return prediction, target

    def _value(self, sample: Mapping[str, Any], key: str | None, defaults: Sequence[str]) -> Tensor:
        for path in defaults if key is None else (key,):
            found: Any = sample
            for part in path.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
            if found is not None:
                return _plain(torch.as_tensor(found), is_truth=path == "gt_score")
        which = "pred_key" if defaults is _PREDICTIONS else "target_key"
        raise ValueError(
            f"{self.name} finds no {', '.join(defaults) if key is None else key} in the outputs of "
            f"the model, which have {', '.join(sample)}; {which} says where it is"
        )

    def _name_values(self, values: Any) -> dict[str, Any]:
        named = values if isinstance(values, Mapping) else {self.name: values}
        start = f"{self.prefix}/" if self.prefix else ""
        return {
            f"{start}{key}": value.tolist() if isinstance(value, Tensor) else value
            for key, value in named.items()
        }


def metric_names() -> Iterable[str]:
    """Return the names of all metrics, those of a task behind the name of its module."""
    return [name for name, _ in _metrics()]


def metric_class(name: str) -> Callable[..., torchmetrics.Metric]:
    """Return the class of a metric.

    Args:
        name: Its name.
    """
    module, _, kind = name.rpartition(".")
    found = importlib.import_module(f"torchmetrics.{module}" if module else "torchmetrics")
    metric: Callable[..., torchmetrics.Metric] = getattr(found, kind)
    return metric


def metric_signature(name: str) -> inspect.Signature:
    """Return the arguments that a config may have for a metric.

    Args:
        name: Its name.
    """
    own = inspect.signature(TorchMetric).parameters
    theirs = inspect.signature(metric_class(name)).parameters.values()
    several = inspect.Parameter.VAR_KEYWORD
    return inspect.Signature(
        [
            *(
                each.replace(kind=each.KEYWORD_ONLY)
                for each in theirs
                if each.kind != several and each.name not in _OWN
            ),
            *(own[key].replace(kind=inspect.Parameter.KEYWORD_ONLY) for key in _OWN),
            *(each for each in theirs if each.kind == several),
        ]
    )


def _metrics() -> Iterator[tuple[str, Any]]:
    tasks = [each.name for each in pkgutil.iter_modules(torchmetrics.__path__) if each.ispkg]
    for task in ("", *tasks):
        if task in ("functional", "utilities"):
            continue
        module = importlib.import_module(f"torchmetrics.{task}" if task else "torchmetrics")
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name, None)
            if isinstance(value, type) and issubclass(value, torchmetrics.Metric):
                yield (f"{task}.{name}" if task else name), value


def _plain(value: Tensor, is_truth: bool) -> Tensor:
    """Return classes as the integers that torchmetrics wants, and so the truth of several."""
    is_binary = is_truth and bool(((value == 0) | (value == 1)).all())
    is_class = not (value.is_floating_point() or value.is_complex())
    return value.long() if is_class or is_binary else value


def _one_hot(mask: Tensor, count: int, counts: Tensor | None) -> Tensor:
    """Return a mask of classes `(1, H, W)`, or the scores of all `(C, H, W)`, as `(1, C, H, W)`."""
    classes = mask if len(mask) == 1 else mask.argmax(0, keepdim=True)
    hot = torch.arange(count, device=mask.device).view(-1, 1, 1) == classes
    return (hot if counts is None else hot & counts.to(mask.device)).long()[None]


def _batch(values: Sequence[Tensor]) -> Tensor:
    """Put the values of samples together: those of shape (1, ...) along that dimension."""
    if values[0].ndim and len(values[0]) == 1:
        return torch.cat(list(values))
    return torch.stack(list(values))
