"""Labels and scores of data samples, for metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def checked_scores(data_samples: Sequence[dict[str, Any]]) -> Tensor:
    """Return the scores of a batch, `(N, C)`.

    Args:
        data_samples: With `pred_score`.

    Raises:
        ValueError: If one is not a number.
    """
    scores = torch.stack([sample["pred_score"] for sample in data_samples])
    if scores.isnan().any():
        raise ValueError(
            f"the pred_score of {int(scores.isnan().any(1).sum())} of {len(scores)} images in a "
            "batch is NaN; the model has diverged, or its input is not finite"
        )
    return scores


def label_pairs(data_samples: Sequence[dict[str, Any]]) -> Tensor:
    """Return the true and the predicted label of each sample, `(N, 2)`.

    Args:
        data_samples: With `gt_label` and `pred_label`.
    """
    return torch.stack(
        [torch.cat([sample["gt_label"], sample["pred_label"]]) for sample in data_samples]
    )


def check_labels(pairs: Tensor, count: int) -> None:
    """Check labels.

    Args:
        pairs: The true and the predicted label of each sample, `(N, 2)`.
        count: The number of classes.

    Raises:
        ValueError: If a label is none of them.
    """
    if pairs.min() < 0 or pairs.max() >= count:
        raise ValueError(
            f"there are labels from {pairs.min()} to {pairs.max()}; expected 0 to {count - 1}"
        )


def class_names(dataset_meta: Mapping[str, Any] | None, count: int) -> list[str]:
    """Return the names of the classes, or their numbers if the dataset has no names.

    Args:
        dataset_meta: What is known about the dataset.
        count: The number of classes.
    """
    names = (dataset_meta or {}).get("classes")
    return [str(name) for name in (range(count) if names is None or len(names) == 0 else names)]
