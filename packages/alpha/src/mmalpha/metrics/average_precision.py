"""Average precision of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from engine.logging import get_logger
from mmalpha.registry import METRICS

from ._labels import checked_scores, class_names


@METRICS.register_module()
class AveragePrecision(BaseMetric):
    """The mean over the classes of their average precision, `mAP`, from 0 to 1.

    The average precision of a class is the sum over all thresholds of its score, from high to low,
    of the precision at the threshold times what the recall grows by. Precision is not interpolated;
    images with equal scores share a threshold, as in scikit-learn. Classes of which there is no
    image don't count. The values of each class go to the log.

    Source: Zhu, Recall, Precision and Average Precision, 2004.

    Args:
        prefix: As in `BaseMetric`.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the scores of a batch.

        Args:
            data_batch: Not used.
            data_samples: With `pred_score`, and with `gt_score` or `gt_label`.

        Raises:
            ValueError: If a score is NaN.
        """
        for sample, score in zip(data_samples, checked_scores(data_samples), strict=True):
            truth = sample.get("gt_score")
            if truth is None:
                truth = torch.zeros_like(score)
                truth[sample["gt_label"]] = 1
            self.results.append(torch.stack([score, truth.to(score.dtype)]))

    @classmethod
    def value_names(cls, **options: Any) -> list[str]:
        """Return the name of the value."""
        return ["mAP"]

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Compute the value.

        Args:
            results: For each image its scores and whether it is of each class, `(2, C)`.

        Raises:
            ValueError: If there is no image of any class.
        """
        scores, truth = torch.stack(results).unbind(1)
        truth = truth >= 0.5
        there = truth.any(0)
        if not there.any():
            raise ValueError("the average precision needs an image of some class; there is none")
        values = [average_precision(scores[:, c], truth[:, c]) for c in there.nonzero()[:, 0]]
        names = class_names(self.dataset_meta, len(there))
        shown = [name for name, is_there in zip(names, there.tolist(), strict=False) if is_there]
        width = max(map(len, shown))
        lines = [f"{name:<{width}}  {value:.4f}" for name, value in zip(shown, values, strict=True)]
        get_logger().info("%s", "\n".join(["average precision", *lines]))
        return {"mAP": sum(values) / len(values)}


def average_precision(score: Tensor, truth: Tensor) -> float:
    """Return the average precision of a class with at least one image.

    Args:
        score: Of each image, `(N,)`.
        truth: Whether each is of the class, `(N,)`.
    """
    ordered, order = score.sort(descending=True, stable=True)
    hits = truth[order].double().cumsum(0)
    # A threshold stands behind the last image of each score.
    last = torch.ones_like(ordered, dtype=torch.bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    ranks = torch.arange(1, len(ordered) + 1, dtype=torch.double)[last]
    hits = hits[last]
    steps = torch.diff(hits, prepend=hits.new_zeros(1))
    return float((steps * hits / ranks).sum() / hits[-1])
