"""Transforms of a labeled image.

Each takes and returns the dictionary of a sample, in which `img` is a tensor `(C, H, W)`, of the
type and with the channels of its file.
Those of torchvision stand beside them: `dict(type='torchvision.RandomResizedCrop', size=224)`.
Chance comes from Python's `random`: with small images, torch's generator took a third of the time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from engine.infer import Color, check_color, read_image
from engine.registry import is_building_from_data
from engine.registry.restrictions import check_fetched_plainly
from mmalpha.registry import TRANSFORMS
from mmalpha.structures import DataSample


@TRANSFORMS.register_module()
class LoadImageFromFile:
    """Begins a pipeline: reads the image of a file or URL.

    It keeps what is there, as `engine.infer.read_image` does: uint8, uint16, int32 or float32, any
    number of channels, upright by EXIF.

    Args:
        color: `'rgb'` makes three channels, `'gray'` one; None keeps those of the file.
        min_side: Decode a JPEG at a half, a quarter or an eighth of its size, which is several
            times as fast, as long as neither side gets shorter than so many pixels.

    Raises:
        ValueError: If `color` is none of those.
    """

    def __init__(self, color: Color | None = None, min_side: int | None = None) -> None:
        check_color(color, "LoadImageFromFile")
        self.color: Color | None = color
        self.min_side = min_side
        self._from_data = is_building_from_data()

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read `img_path` into `img`; a sample that has only `img` keeps it."""
        if "img" in results and "img_path" not in results:
            return results
        if self._from_data:
            check_fetched_plainly(results["img_path"])
        results["img"] = read_image(results["img_path"], self.color, self.min_side)
        return results


@TRANSFORMS.register_module()
class RandomShift:
    """Moves the image by a random distance, the same for all of its channels.

    Args:
        max_shift: The largest distance in each direction, in pixels.
        fill: The value of the pixels that come in from outside.

    Raises:
        ValueError: If `max_shift` is negative.
    """

    def __init__(self, max_shift: int, fill: int = 0) -> None:
        if max_shift < 0:
            raise ValueError(f"max_shift of RandomShift is at least 0; got {max_shift}")
        self.max_shift = max_shift
        self.fill = fill

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Move `img`."""
        image = results["img"].numpy()  # small images take less time in numpy than in torch
        rows, from_rows = _overlap(image.shape[-2], self._distance())
        columns, from_columns = _overlap(image.shape[-1], self._distance())
        moved = np.empty_like(image)
        moved.fill(self.fill)
        moved[..., rows, columns] = image[..., from_rows, from_columns]
        results["img"] = torch.from_numpy(moved)
        return results

    def _distance(self) -> int:
        return random.randrange(-self.max_shift, self.max_shift + 1)


@cache
def _overlap(size: int, distance: int) -> tuple[slice, slice]:
    """Return where the pixels that stay in an image come to on an axis, and where they were.

    Args:
        size: The size of the image.
        distance: How far it moves.
    """
    into = slice(max(0, distance), max(0, size + min(0, distance)))
    out_of = slice(max(0, -distance), max(0, size - max(0, distance)))
    return into, out_of


@TRANSFORMS.register_module()
class RandomFlip:
    """Mirrors the image, left to right.

    Args:
        prob: The probability.

    Raises:
        ValueError: If `prob` is no probability.
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f"prob of RandomFlip is 0 to 1; got {prob}")
        self.prob = prob

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Mirror `img`, or leave it."""
        if random.random() < self.prob:
            # By numpy: torch mirrors no uint16 before 2.14.
            results["img"] = torch.from_numpy(results["img"].numpy()[..., ::-1].copy())
        return results


@TRANSFORMS.register_module()
class PackClsInputs:
    """Ends a pipeline: packs the image and its label for a classifier.

    Args:
        meta_keys: What else to hand on, as meta information, where a sample has it.
    """

    def __init__(self, meta_keys: Sequence[str] = ("img_path", "sample_idx")) -> None:
        self.meta_keys: tuple[str, ...] = tuple(meta_keys)

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack `img`, and where there is one `gt_label` or `gt_score`.

        Returns:
            `inputs`, a tensor `(C, H, W)`, and `data_samples`, a `DataSample`.
        """
        meta = {key: results[key] for key in self.meta_keys if key in results}
        sample = DataSample(metainfo=meta)
        if "gt_label" in results:
            sample.set_gt_label(results["gt_label"])
        if "gt_score" in results:
            sample.set_gt_score(torch.as_tensor(results["gt_score"], dtype=torch.float))
        return {"inputs": results["img"].contiguous(), "data_samples": sample}
