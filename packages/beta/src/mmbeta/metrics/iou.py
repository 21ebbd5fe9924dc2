"""How well masks overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from engine.logging import get_logger
from mmbeta.registry import METRICS


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """Intersection over union, and accuracies, from the pixels of all images together.

    The values are fractions from 0 to 1: `mIoU`, the mean of the classes' intersection over union;
    `mAcc`, the mean of the classes' accuracy; `aAcc`, the part of all pixels that is right. A mean
    leaves out the classes for which a value is not defined: those that appear nowhere, and for the
    accuracy those that the truth lacks. The values of each class go to the log.

    Source: Everingham et al., The Pascal Visual Object Classes Challenge, 2015.

    Args:
        ignore_index: The true label of pixels that don't count.
        prefix: As in `BaseMetric`.
    """

    def __init__(self, ignore_index: int = 255, prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.ignore_index = ignore_index

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Count the pixels of a batch by true and predicted class.

        Args:
            data_batch: Not used.
            data_samples: With `gt_sem_seg` and `pred_sem_seg`.
        """
        for sample in data_samples:
            truth = sample["gt_sem_seg"]["data"].flatten().long()
            prediction = sample["pred_sem_seg"]["data"].flatten().long()
            self.results.append(self._confusion(truth, prediction))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            results: For each image its pixels by true (row) and predicted class, `(C, C)`.
        """
        confusion = torch.stack(results).sum(0).double()
        hits, truth, predicted = confusion.diag(), confusion.sum(1), confusion.sum(0)
        iou = hits / (truth + predicted - hits)
        accuracy = hits / truth
        get_logger().info("%s", self._table(iou, accuracy))
        return {
            "mIoU": iou.nanmean().item(),
            "mAcc": accuracy.nanmean().item(),
            "aAcc": (hits.sum() / confusion.sum()).item(),
        }

    @property
    def _classes(self) -> Sequence[str]:
        classes: Sequence[str] = (self.dataset_meta or {}).get("classes", ())
        if not classes:
            raise ValueError(
                "IoUMetric needs the names of the classes: `classes` in the data set's metainfo"
            )
        return classes

    def _confusion(self, truth: Tensor, prediction: Tensor) -> Tensor:
        count = len(self._classes)
        counted = truth != self.ignore_index
        truth, prediction = truth[counted], prediction[counted]
        for name, labels in (("true", truth), ("predicted", prediction)):
            if labels.numel() and not 0 <= labels.min() <= labels.max() < count:
                raise ValueError(
                    f"a {name} mask has labels from {labels.min()} to {labels.max()}; "
                    f"expected 0 to {count - 1}, or {self.ignore_index} to ignore a pixel"
                )
        pairs = torch.bincount(truth * count + prediction, minlength=count**2)
        return pairs.reshape(count, count)

    def _table(self, iou: Tensor, accuracy: Tensor) -> str:
        width = max(len("class"), *map(len, self._classes))
        lines = [f"{'class':<{width}}     IoU     Acc"]
        for name, *values in zip(self._classes, iou.tolist(), accuracy.tolist(), strict=True):
            lines.append(f"{name:<{width}}  " + "  ".join(f"{value:6.4f}" for value in values))
        return "\n".join(lines)
