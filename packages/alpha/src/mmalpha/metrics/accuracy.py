"""Top-k accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from mmalpha.registry import METRICS

from ._labels import checked_scores


@METRICS.register_module()
class Accuracy(BaseMetric):
    """The part of the images whose true class is among the k most probable ones.

    The values, `accuracy/top1` and so on, are fractions from 0 to 1.

    Args:
        topk: The values of k.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If `topk` is empty or has a value below 1.
    """

    default_prefix = "accuracy"

    def __init__(self, topk: int | Sequence[int] = (1,), prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        if not self.topk or min(self.topk) < 1:
            raise ValueError(f"topk is a number from 1 or several of them; got {topk}")

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Compare a batch with the truth.

        Args:
            data_batch: Not used.
            data_samples: With `gt_label` and `pred_score`.

        Raises:
            ValueError: If there are fewer classes than `topk` asks for, or a score is NaN.
        """
        scores = checked_scores(data_samples)
        labels = torch.stack([sample["gt_label"] for sample in data_samples])
        if scores.shape[1] < max(self.topk):
            raise ValueError(
                f"topk {self.topk} needs as many classes, but there are {scores.shape[1]}"
            )
        self.results += list(scores.topk(max(self.topk)).indices == labels)

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            results: For each image, whether each of its most probable classes is the true one.
        """
        hits = torch.stack(results)
        return {f"top{k}": hits[:, :k].any(1).double().mean().item() for k in self.topk}
