"""Confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import SumMetric
from engine.visualization import plot_confusion_matrix as plot_confusion_matrix  # noqa: PLC0414  # re-exported
from mmalpha.registry import METRICS

from ._labels import check_labels, label_pairs


@METRICS.register_module()
class ConfusionMatrix(SumMetric):
    """How many images there are by true (row) and predicted class.

    The value `confusion_matrix` is a list of rows. `ConfusionMatrixHook` draws it.

    Args:
        prefix: As in `BaseMetric`.
    """

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Count the images of a batch.

        Args:
            data_samples: With `gt_label`, `pred_label` and `pred_score`, whose length is the number
                of classes.

        Raises:
            ValueError: If a label is none of a class.
        """
        count = len(data_samples[0]["pred_score"])
        pairs = label_pairs(data_samples)
        check_labels(pairs, count)
        cells = torch.bincount(pairs[:, 0] * count + pairs[:, 1], minlength=count**2)
        return {"confusion_matrix": cells.reshape(count, count)}

    @classmethod
    def value_names(cls, **options: Any) -> list[str]:
        """Return the name of the value."""
        return ["confusion_matrix"]

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, list[list[int]]]:
        """Return the matrix as a list of rows.

        Args:
            sums: The `confusion_matrix`, `(C, C)`.
        """
        return {name: matrix.tolist() for name, matrix in sums.items()}
