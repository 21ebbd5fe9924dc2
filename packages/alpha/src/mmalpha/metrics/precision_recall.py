"""Precision, recall and F1 score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from engine.evaluator import SumMetric
from engine.logging import get_logger
from mmalpha.registry import METRICS

from ._labels import check_labels, checked_scores, class_names, label_pairs


class _Counts(NamedTuple):
    """By class how many images are of it, predicted, and both; `(C,)` each."""

    truth: Tensor
    predicted: Tensor
    hits: Tensor


@METRICS.register_module()
class PrecisionRecallF1(SumMetric):
    """Precision, recall and F1 score, from the counts of all images.

    The values `precision`, `recall` and `f1` are fractions from 0 to 1. Precision is the part of
    the images predicted as a class that are of it, recall the part of the images of a class that
    are predicted as it, F1 their harmonic mean. A quotient of zero by zero is zero: a class that is
    neither true nor predicted anywhere counts as zero in the mean. The values of each class go to
    the log. They are those of scikit-learn, whose `labels` are all classes.

    Args:
        average: `'macro'` is the mean of the classes, `'weighted'` the mean by the number of their
            images, `'micro'` the value of all classes' counts together.
        threshold: None is for images of one class. A number is for images of several: all classes
            whose score is at least so much are predicted.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If there is no such average.
    """

    def __init__(
        self,
        average: Literal["macro", "weighted", "micro"] = "macro",
        threshold: float | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix=prefix)
        if average not in ("macro", "weighted", "micro"):
            raise ValueError(f"average is 'macro', 'weighted' or 'micro'; got {average!r}")
        self.average = average
        self.threshold = threshold

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Count the true and the predicted images of each class.

        Args:
            data_samples: With `gt_label` and `pred_label`, or for images of several classes with
                `gt_score` and `pred_score`.

        Raises:
            ValueError: If a score is NaN, or a label is negative.
        """
        classes = (self.dataset_meta or {}).get("classes")
        count = 0 if classes is None else len(classes)
        if all("pred_score" in sample for sample in data_samples):
            scores = checked_scores(data_samples)
            count = max(count, scores.shape[1])
        if self.threshold is None:
            pairs = label_pairs(data_samples)
            count = max(count, int(pairs.max()) + 1)
            check_labels(pairs, count)
            truth, predicted = pairs.unbind(1)
            labels = truth, predicted, truth[truth == predicted]
            return {"images": torch.stack([each.bincount(minlength=count) for each in labels])}
        true = torch.stack([sample["gt_score"] for sample in data_samples]) >= 0.5
        above = scores >= self.threshold
        return {"images": torch.stack([true.sum(0), above.sum(0), (true & above).sum(0)])}

    @classmethod
    def value_names(cls, **options: Any) -> list[str]:
        """Return the names of the values."""
        return ["precision", "recall", "f1"]

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            sums: The `images` by class, `(3, C)`: those that are of it, predicted, and both.
        """
        counts = _Counts(*sums["images"].double())
        names = class_names(self.dataset_meta, len(counts.truth))
        get_logger().info("%s", _table(names, counts))
        return dict(zip(("precision", "recall", "f1"), self._average(counts), strict=True))

    def _average(self, counts: _Counts) -> list[float]:
        if self.average == "micro":
            return [each.item() for each in _scores(_Counts(*(each.sum() for each in counts)))]
        weight = torch.ones_like(counts.truth) if self.average == "macro" else counts.truth
        return [_ratio((each * weight).sum(), weight.sum()).item() for each in _scores(counts)]


def _scores(counts: _Counts) -> tuple[Tensor, Tensor, Tensor]:
    """Return precision, recall and F1 score."""
    return (
        _ratio(counts.hits, counts.predicted),
        _ratio(counts.hits, counts.truth),
        _ratio(2 * counts.hits, counts.truth + counts.predicted),
    )


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / whole, 0.0)


def _table(names: Sequence[str], counts: _Counts) -> str:
    width = max(len("class"), *map(len, names))
    lines = [f"{'class':<{width}}  precision  recall      f1  images"]
    for name, *values, images in zip(names, *_scores(counts), counts.truth, strict=False):
        precision, recall, f1 = (each.item() for each in values)
        lines.append(
            f"{name:<{width}}  {precision:9.4f}  {recall:6.4f}  {f1:6.4f}  {int(images):6d}"
        )
    return "\n".join(lines)
