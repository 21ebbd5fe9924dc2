"""Top-k accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from engine.evaluator import SumMetric
from mmalpha.registry import METRICS

from ._labels import checked_scores


@METRICS.register_module()
class Accuracy(SumMetric):
    """The part of the images whose true class is among the k most probable ones.

    The values, `accuracy/top1` and so on, are fractions from 0 to 1.

    Args:
        topk: The values of k.
        prefix: As in `BaseMetric`.

    Raises:
        ValueError: If `topk` is empty or has a value below 1.
    """

    default_prefix: ClassVar[str | None] = "accuracy"

    def __init__(self, topk: int | Sequence[int] = (1,), prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.topk: tuple[int, ...] = (topk,) if isinstance(topk, int) else tuple(topk)
        if not self.topk or min(self.topk) < 1:
            raise ValueError(f"topk is a number from 1 or several of them; got {topk}")

    @classmethod
    def value_names(cls, topk: int | Sequence[int] = (1,), **options: Any) -> list[str]:
        """Return the names of the values, one for each k."""
        return [f"top{k}" for k in ([topk] if isinstance(topk, int) else topk)]

    def sums_of(self, data_samples: Sequence[dict[str, Any]]) -> dict[str, Tensor | float]:
        """Count the images whose true class is found.

        Args:
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
        hits = (scores.topk(max(self.topk)).indices == labels).sum(0)
        return {"hits": hits, "images": len(labels)}

    def compute_values(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Compute the values.

        Args:
            sums: How many `images` there are, and of how many each of the most probable classes is
                the true one, `hits` `(max(topk),)`.
        """
        shares = sums["hits"].cumsum(0).double() / sums["images"]
        return {f"top{k}": shares[k - 1].item() for k in self.topk}
