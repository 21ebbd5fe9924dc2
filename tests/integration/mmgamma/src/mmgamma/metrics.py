"""How well things are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from mmgamma.registry import METRICS


@METRICS.register_module()
class CountError(BaseMetric):
    """By how many the counts are wrong: `count/mae`, the mean of the absolute errors."""

    default_prefix = "count"

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Compare a batch with the truth."""
        self.results += [abs(sample["pred_count"] - sample["count"]) for sample in data_samples]

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Return the mean."""
        return {"mae": torch.stack(results).mean().item()}
