"""Handwritten digits on a canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from mmbeta.registry import DATASETS

from .label_counts import MaskedDataset

_CANVAS = 64
_SIZES = range(16, 25)
_DIGITS = range(4, 7)
_INK = 96
_ATTEMPTS = 32
_TEST_PART = 0.2
_SPLIT_SEED = 0
_NUM_IMAGES = {"train": 1200, "test": 300}


@DATASETS.register_module()
class DigitsCanvas(MaskedDataset):
    """Gray images of 64×64 pixels with up to 6 digits each, and the class of each pixel.

    The digits are the 1,797 scans of `sklearn.datasets.load_digits`, enlarged from 8 to 16 to 24
    pixels, side by side at random places. A pixel belongs to a digit where it is bright. A fifth of
    the scans of each class is for the test, so that the two splits share none. All of it follows
    from `seed`: each run sees the same images.

    A sample has `img`, a tensor `(1, 64, 64)` of uint8, `gt_seg_map`, one of `(64, 64)` with 0 for
    the background and 1 to 10 for the digits 0 to 9, and `scans`, the indices of its scans.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.

    Args:
        split: `'train'` or `'test'`.
        num_images: How many images to make; None means 1,200 for training and 300 for the test.
        seed: Where the random choices begin.
        digits: Which of the digits appear; None means all.
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        ValueError: If there is no such split or digit, or no image to make.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        "classes": ("background", *"0123456789"),
        "palette": (
            (0, 0, 0),
            (31, 119, 180),
            (255, 127, 14),
            (44, 160, 44),
            (214, 39, 40),
            (148, 103, 189),
            (140, 86, 75),
            (227, 119, 194),
            (160, 160, 160),
            (188, 189, 34),
            (23, 190, 207),
        ),
    }

    def __init__(
        self,
        split: Literal["train", "test"],
        num_images: int | None = None,
        seed: int = 0,
        digits: Sequence[int] | None = None,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in _NUM_IMAGES:
            raise ValueError(f"split of DigitsCanvas is 'train' or 'test'; got {split!r}")
        self.split = split
        self.num_images: int = _NUM_IMAGES[split] if num_images is None else num_images
        self.seed = seed
        self.digits: tuple[int, ...] | None = None if digits is None else tuple(digits)
        if digits is not None and not (digits and {*digits} <= {*range(10)}):
            raise ValueError(f"digits of DigitsCanvas are some of 0 to 9; got {digits!r}")
        if self.num_images < 1:
            raise ValueError(f"num_images of DigitsCanvas is at least 1; got {num_images}")
        super().__init__(pipeline=pipeline, indices=indices, test_mode=test_mode)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Make the images."""
        scans = _load_scans(self.split, self.digits)
        rng = np.random.default_rng([self.seed, len(self.split)])
        return [_draw_canvas(scans, rng) for _ in range(self.num_images)]


@dataclass(frozen=True)
class _Scans:
    """The scans of a split.

    Attributes:
        indices: The index of each among all scans, `(M,)`.
        labels: The digit of each, `(M,)`.
        enlarged: By size in pixels, all scans in that size, `(M, size, size)` of uint8.
    """

    indices: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    enlarged: Mapping[int, Tensor]


def _load_scans(split: str, digits: Sequence[int] | None) -> _Scans:
    from sklearn.datasets import load_digits  # deferred: seconds that other datasets don't need
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=_TEST_PART, stratify=labels, random_state=_SPLIT_SEED
    )
    chosen = train if split == "train" else test
    if digits is not None:
        chosen = chosen[np.isin(labels[chosen], digits)]
    scans = torch.from_numpy(pixels[chosen] * (255 / 16)).reshape(-1, 1, 8, 8)
    enlarged = {
        size: functional.interpolate(scans, (size, size), mode="bilinear").round().byte()[:, 0]
        for size in _SIZES
    }
    return _Scans(chosen, labels[chosen], enlarged)


def _draw_canvas(scans: _Scans, rng: np.random.Generator) -> dict[str, Any]:
    image = torch.zeros(1, _CANVAS, _CANVAS, dtype=torch.uint8)
    mask = torch.zeros(_CANVAS, _CANVAS, dtype=torch.uint8)
    boxes: list[tuple[int, int, int]] = []
    used = []
    for _ in range(rng.integers(_DIGITS.start, _DIGITS.stop)):
        box = _free_box(boxes, rng)
        if box is None:
            continue
        boxes.append(box)
        top, left, size = box
        number = int(rng.integers(len(scans.labels)))
        scan = scans.enlarged[size][number]
        image[0, top : top + size, left : left + size] = scan
        mask[top : top + size, left : left + size] = (scan >= _INK) * int(scans.labels[number] + 1)
        used.append(int(scans.indices[number]))
    return {"img": image, "gt_seg_map": mask, "scans": used}


def _free_box(
    boxes: Sequence[tuple[int, int, int]], rng: np.random.Generator
) -> tuple[int, int, int] | None:
    """Return the top, left and size of a box that meets no other, or None if none was found."""
    sizes = rng.integers(_SIZES.start, _SIZES.stop, _ATTEMPTS)
    tops, lefts = rng.integers(0, _CANVAS - sizes + 1, (2, _ATTEMPTS))
    free = np.ones(_ATTEMPTS, bool)
    for top, left, size in boxes:
        beside = (lefts + sizes <= left) | (left + size <= lefts)
        free &= beside | (tops + sizes <= top) | (top + size <= tops)
    if not free.any():
        return None
    first = free.argmax()
    return int(tops[first]), int(lefts[first]), int(sizes[first])
