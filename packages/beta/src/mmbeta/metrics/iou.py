"""Intersection over union."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import SumMetric
from engine.logging import get_logger
from mmbeta.registry import METRICS

from .masks import check_labels, classes_of, table_of

_MEASURES = {
    "mIoU": ("IoU", "Acc"),
    "mDice": ("Dice", "Acc"),
    "mFscore": ("Fscore", "Precision", "Recall"),
}


@METRICS.register_module()
class IoUMetric(SumMetric):
    """Intersection over union, and its relatives, from the pixels of all images together.

    The values are fractions from 0 to 1. `aAcc` is the part of all pixels that is right; the others
    are means over the classes. A mean leaves out the classes for which a value is not defined, as
    the intersection over union of one that appears nowhere. The values of each class go to the log.

    Source: Everingham et al., The Pascal Visual Object Classes Challenge, 2015.

    Args:
        ignore_index: The true label of pixels that don't count.
        iou_metrics: What to compute besides `aAcc`: `'mIoU'` gives `mIoU` and `mAcc`, the accuracy
            of each class; `'mDice'` gives `mDice` and `mAcc`; `'mFscore'` gives `mFscore`,
            `mPrecision` and `mRecall`.
        nan_to_num: The replacement of an undefined value; None leaves it out of the mean.
        beta: How much more recall counts than precision in `mFscore`.
        collect_device: As in `BaseMetric`.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If `iou_metrics` names something else.
    """

    def __init__(
        self,
        ignore_index: int = 255,
        iou_metrics: Sequence[str] = ("mIoU",),
        nan_to_num: float | None = None,
        beta: float = 1.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        if isinstance(iou_metrics, str) or not set(iou_metrics) <= _MEASURES.keys():
            raise ValueError(
                f"iou_metrics is a list of {', '.join(_MEASURES)}; got {iou_metrics!r}"
            )
        self.ignore_index = ignore_index
        self.iou_metrics: tuple[str, ...] = tuple(iou_metrics)
        self.nan_to_num = nan_to_num
        self.beta = beta

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Count the pixels of a batch by class.

        Args:
            data_samples: With `gt_sem_seg` and `pred_sem_seg`.

        Raises:
            ValueError: If a label is none of a class.
        """
        counts = [
            self._counts(
                sample["gt_sem_seg"]["data"].flatten().long(),
                sample["pred_sem_seg"]["data"].flatten().long(),
            )
            for sample in data_samples
        ]
        return {"pixels": torch.stack(counts).sum(0)}

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            sums: The `pixels` by class, `(3, C)`: those that are right, those of the truth and
                those of the prediction.
        """
        hits, truth, predicted = sums["pixels"].double()
        measured = self._scores_of(hits, truth, predicted)
        if self.nan_to_num is not None:
            measured = {
                name: values.nan_to_num(nan=self.nan_to_num) for name, values in measured.items()
            }
        get_logger().info("%s", table_of(self._classes, measured))
        means = {f"m{name}": values.nanmean().item() for name, values in measured.items()}
        return means | {"aAcc": (hits.sum() / truth.sum()).item()}

    @classmethod
    def value_names(cls, iou_metrics: Sequence[str] = ("mIoU",), **options: Any) -> list[str]:
        """Return the names of the values, those of `iou_metrics` and `aAcc`."""
        return [*(f"m{name}" for each in iou_metrics for name in _MEASURES[each]), "aAcc"]

    @property
    def _classes(self) -> Sequence[str]:
        return classes_of(self.dataset_meta, "IoUMetric")

    def _counts(self, truth: Tensor, prediction: Tensor) -> Tensor:
        count = len(self._classes)
        counted = truth != self.ignore_index
        truth, prediction = truth[counted], prediction[counted]
        check_labels(truth, prediction, count, self.ignore_index)
        right = truth[truth == prediction]
        each = [labels.bincount(minlength=count) for labels in (right, truth, prediction)]
        return torch.stack(each)

    def _scores_of(self, hits: Tensor, truth: Tensor, predicted: Tensor) -> dict[str, Tensor]:
        """Return by their names the values that are asked for, each for all classes."""
        weight = self.beta**2
        everything = {
            "IoU": hits / (truth + predicted - hits),
            "Acc": hits / truth,
            "Dice": 2 * hits / (truth + predicted),
            "Fscore": (1 + weight) * hits / (weight * truth + predicted),
            "Precision": hits / predicted,
            "Recall": hits / truth,
        }
        asked = {name for measure in self.iou_metrics for name in _MEASURES[measure]}
        return {name: values for name, values in everything.items() if name in asked}
