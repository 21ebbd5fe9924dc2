"""Rows of three handwritten digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from mmalpha.registry import DATASETS

from .digits import load_scans
from .in_memory import InMemoryDataset

_NUM_IMAGES = {"train": 2000, "test": 500}
_DIGITS = 3


@DATASETS.register_module()
class DigitRows(InMemoryDataset):
    """Gray images of 8×24 pixels with three digits each, and which digits are there.

    The digits are the scans of `Digits`, of the same split. Which stand together follows from
    `seed`: each run sees the same images. A sample has `img`, a tensor `(1, 8, 24)` of uint8, and
    `gt_score`, one of `(10,)` with a one for each digit that is there.

    Args:
        split: `'train'` or `'test'`.
        num_images: How many images to make; None means 2,000 for training and 500 for the test.
        seed: Where the random choices begin.
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        ValueError: If there is no such split, or no image to make.
    """

    METAINFO: ClassVar[dict[str, Any]] = {"classes": tuple("0123456789")}

    def __init__(
        self,
        split: Literal["train", "test"],
        num_images: int | None = None,
        seed: int = 0,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in _NUM_IMAGES:
            raise ValueError(f"split of DigitRows is 'train' or 'test'; got {split!r}")
        self.split = split
        self.num_images: int = _NUM_IMAGES[split] if num_images is None else num_images
        self.seed = seed
        if self.num_images < 1:
            raise ValueError(f"num_images of DigitRows is at least 1; got {num_images}")
        super().__init__(pipeline=pipeline, indices=indices, test_mode=test_mode)

    def load_images(self) -> tuple[Tensor, list[dict[str, Any]]]:
        """Make the images."""
        scans, labels = load_scans(self.split)
        generator = torch.Generator().manual_seed(self.seed)
        chosen = torch.randint(len(scans), (self.num_images, _DIGITS), generator=generator)
        rows = torch.cat(scans[chosen].unbind(1), 3)
        digits = torch.tensor(labels)[chosen]
        scores = functional.one_hot(digits, 10).amax(1).to(torch.uint8)
        return rows, [{"gt_score": score} for score in scores]
