"""Confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from engine.visualization import plot_confusion_matrix as plot_confusion_matrix  # noqa: PLC0414  # re-exported
from mmalpha.registry import METRICS

from ._labels import confusion_of, label_pairs


@METRICS.register_module()
class ConfusionMatrix(BaseMetric):
    """How many images there are by true (row) and predicted class.

    The value `confusion_matrix` is a list of rows. `ConfusionMatrixHook` draws it.

    Args:
        prefix: As in `BaseMetric`.
    """

    _count = 0  # of the classes

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the true and the predicted labels of a batch.

        Args:
            data_batch: Not used.
            data_samples: With `gt_label`, `pred_label` and `pred_score`, whose length is the number
                of classes.
        """
        self._count = len(data_samples[0]["pred_score"])
        self.results += list(label_pairs(data_samples))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, list[list[int]]]:
        """Count.

        Args:
            results: For each image its true and predicted label, `(2,)`.
        """
        return {"confusion_matrix": confusion_of(torch.stack(results), self._count).tolist()}
