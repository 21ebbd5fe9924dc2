"""The handwritten digits of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from mmalpha.registry import DATASETS

from .in_memory import InMemoryDataset

_TEST_PART = 0.2
_SPLIT_SEED = 0


@DATASETS.register_module()
class Digits(InMemoryDataset):
    """The 1,797 scans of `sklearn.datasets.load_digits`: 8×8 gray pixels, 10 classes.

    A fifth of each class is for the test; the split is the same in every run. A sample has `img`, a
    tensor `(1, 8, 8)` of uint8 from 0 to 255, and `gt_label`.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.

    Args:
        split: `'train'` (1,437 scans) or `'test'` (360).
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        ValueError: If there is no such split.
    """

    METAINFO: ClassVar[dict[str, Any]] = {"classes": tuple("0123456789")}

    def __init__(
        self,
        split: Literal["train", "test"],
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in ("train", "test"):
            raise ValueError(f"split of Digits is 'train' or 'test'; got {split!r}")
        self.split = split
        super().__init__(pipeline=pipeline, indices=indices, test_mode=test_mode)

    def load_images(self) -> tuple[Tensor, list[dict[str, Any]]]:
        """Read the scans of the split."""
        scans, labels = load_scans(self.split)
        return scans, [{"gt_label": label} for label in labels]


def load_scans(split: str) -> tuple[Tensor, list[int]]:
    """Return the scans of a split, `(N, 1, 8, 8)` of uint8, and the digit of each.

    Args:
        split: `'train'` or `'test'`.
    """
    from sklearn.datasets import load_digits  # deferred: seconds that other datasets don't need
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=_TEST_PART, stratify=labels, random_state=_SPLIT_SEED
    )
    chosen = np.sort(train if split == "train" else test)
    scans = np.rint(pixels[chosen] * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    return torch.from_numpy(scans), labels[chosen].tolist()
