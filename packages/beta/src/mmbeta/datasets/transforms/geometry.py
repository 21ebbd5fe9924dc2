"""Geometric transforms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.infer import resize_image
from mmbeta.registry import TRANSFORMS

_ATTEMPTS = 10
_AXES = {"horizontal": (-1,), "vertical": (-2,), "diagonal": (-2, -1)}


@TRANSFORMS.register_module()
class Resize:
    """Brings an image to a size: bilinear, smoothed where it shrinks; a mask takes the nearest.

    Args:
        scale: Width and height, in pixels.
        keep_ratio: Whether width keeps its ratio to height: the image is then as large as fits into
            `scale`, the larger number being for its longer side.

    Raises:
        ValueError: If `scale` is no size.
    """

    def __init__(self, scale: Sequence[int], keep_ratio: bool = False) -> None:
        self.scale: tuple[int, int] = _pair(scale, "scale of Resize is a width and a height")
        self.keep_ratio = keep_ratio

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize `img` and `gt_seg_map`."""
        return _resize(results, self.scale, self.keep_ratio)


@TRANSFORMS.register_module()
class RandomResize:
    """Brings an image to a random size.

    Args:
        scale: Width and height, in pixels, that are multiplied with a random factor.
        ratio_range: The least and the largest factor.
        keep_ratio: As in `Resize`.

    Raises:
        ValueError: If `scale` is no size, or `ratio_range` no range.
    """

    def __init__(
        self,
        scale: Sequence[int],
        ratio_range: Sequence[float] = (0.5, 2.0),
        keep_ratio: bool = True,
    ) -> None:
        self.scale: tuple[int, int] = _pair(scale, "scale of RandomResize is a width and a height")
        self.ratio_range: tuple[float, ...] = tuple(ratio_range)
        self.keep_ratio = keep_ratio
        if len(self.ratio_range) != 2 or not 0 < self.ratio_range[0] <= self.ratio_range[1]:
            raise ValueError(
                "ratio_range of RandomResize is the least and the largest factor; "
                f"got {ratio_range!r}"
            )

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize `img` and `gt_seg_map`."""
        least, most = self.ratio_range
        factor = least + torch.rand(()).item() * (most - least)
        width, height = (max(1, round(side * factor)) for side in self.scale)
        return _resize(results, (width, height), self.keep_ratio)


@TRANSFORMS.register_module()
class RandomCrop:
    """Cuts a random region out; what is smaller stays as it is in that direction.

    Args:
        crop_size: Height and width, in pixels.
        cat_max_ratio: The part of the region's pixels that one class may have at most; after 10
            attempts the last region is taken.
        ignore_index: The label of pixels that don't count in that.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self, crop_size: Sequence[int], cat_max_ratio: float = 1.0, ignore_index: int = 255
    ) -> None:
        self.crop_size: tuple[int, int] = _pair(
            crop_size, "crop_size of RandomCrop is a height and a width"
        )
        if not 0 < cat_max_ratio <= 1:
            raise ValueError(
                f"cat_max_ratio of RandomCrop is above 0, and at most 1; got {cat_max_ratio}"
            )
        self.cat_max_ratio = cat_max_ratio
        self.ignore_index = ignore_index

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Cut `img` and `gt_seg_map`."""
        mask = results.get("gt_seg_map")
        rows, columns = self._region(results["img"])
        if self.cat_max_ratio < 1 and mask is not None:
            for _ in range(_ATTEMPTS - 1):
                if self._is_varied(mask[rows, columns]):
                    break
                rows, columns = self._region(results["img"])
        return _each(results, lambda maps: maps[..., rows, columns])

    def _region(self, image: Tensor) -> tuple[slice, slice]:
        row, column = (
            _random_part(side, crop)
            for side, crop in zip(image.shape[-2:], self.crop_size, strict=True)
        )
        return row, column

    def _is_varied(self, mask: Tensor) -> bool:
        counts = np.bincount(mask.numpy().ravel(), minlength=self.ignore_index + 1)
        counts[self.ignore_index] = 0
        return bool(0 < counts.max() <= self.cat_max_ratio * counts.sum())


@TRANSFORMS.register_module()
class RandomFlip:
    """Mirrors an image.

    Args:
        prob: The probability.
        direction: `'horizontal'`, left to right, `'vertical'`, or `'diagonal'`, both; one of
            several is drawn.

    Raises:
        ValueError: If `prob` is no probability, or there is no such direction.
    """

    def __init__(self, prob: float = 0.5, direction: str | Sequence[str] = "horizontal") -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f"prob of RandomFlip is 0 to 1; got {prob}")
        self.prob = prob
        self.directions: list[str] = [direction] if isinstance(direction, str) else [*direction]
        if not self.directions or not set(self.directions) <= _AXES.keys():
            raise ValueError(
                f"direction of RandomFlip is one or several of {', '.join(_AXES)}; "
                f"got {direction!r}"
            )

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Mirror `img` and `gt_seg_map`, or leave them."""
        if torch.rand(()).item() >= self.prob:
            return results
        drawn = int(torch.randint(len(self.directions), ())) if len(self.directions) > 1 else 0
        axes = _AXES[self.directions[drawn]]
        # By numpy: torch mirrors no uint16 before 2.14.
        return _each(results, lambda maps: torch.from_numpy(np.flip(maps.numpy(), axes).copy()))


@TRANSFORMS.register_module()
class Pad:
    """Pads an image at the right and the bottom.

    Args:
        size: The least width and height, in pixels.
        size_divisor: Width and height become multiples of it.
        pad_val: What the image is padded with.
        seg_pad_val: What the mask is padded with.

    Raises:
        ValueError: If not just one of `size` and `size_divisor` is given.
    """

    def __init__(
        self,
        size: Sequence[int] | None = None,
        size_divisor: int | None = None,
        pad_val: int = 0,
        seg_pad_val: int = 255,
    ) -> None:
        if (size is None) == (size_divisor is None):
            raise ValueError(
                f"give Pad either size or size_divisor; got {size!r} and {size_divisor!r}"
            )
        self.size: tuple[int, int] | None = (
            None if size is None else _pair(size, "size of Pad is a width and a height")
        )
        self.size_divisor = size_divisor
        self.values: dict[str, int | float] = {
            "img": pad_val,
            "gt_seg_map": seg_pad_val,
            "gt_values": math.nan,
        }

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pad `img` and `gt_seg_map`."""
        height, width = results["img"].shape[-2:]
        if self.size is None:
            divisor = self.size_divisor or 1
            right, below = -width % divisor, -height % divisor
        else:
            right, below = max(self.size[0] - width, 0), max(self.size[1] - height, 0)
        if right or below:
            for key, value in self.values.items():
                if key in results:
                    results[key] = functional.pad(results[key], (0, right, 0, below), value=value)
        return results


def _each(results: dict[str, Any], change: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Change the image, and what is known of its pixels."""
    for key in ("img", "gt_seg_map", "gt_values"):
        if key in results:
            results[key] = change(results[key])
    return results


def _resize(results: dict[str, Any], scale: tuple[int, int], keep_ratio: bool) -> dict[str, Any]:
    before = results["img"].shape[-2:]
    size = _fitting(before, scale) if keep_ratio else (scale[1], scale[0])
    if size == tuple(before):
        return results
    results["img"] = resize_image(results["img"], size)
    if "gt_seg_map" in results:
        mask = results["gt_seg_map"][None, None]
        own = mask.dtype
        given = mask if own == torch.uint8 else mask.float()  # exact up to 24 bits
        resized = functional.interpolate(given, size, mode="nearest-exact")[0, 0]
        results["gt_seg_map"] = resized.to(own)
    if "gt_values" in results:  # a mean would make what is known unknown beside a NaN
        values = results["gt_values"]
        stacked = values.reshape(1, -1, *values.shape[-2:])
        resized = functional.interpolate(stacked, size, mode="nearest-exact")
        results["gt_values"] = resized.reshape(*values.shape[:-2], *size)
    return results


def _fitting(size: Sequence[int], scale: tuple[int, int]) -> tuple[int, int]:
    """Return the largest height and width of the ratio of `size` that fit into `scale`."""
    factor = min(max(scale) / max(size), min(scale) / min(size))
    height, width = (max(1, round(side * factor)) for side in size)
    return height, width


def _random_part(side: int, crop: int) -> slice:
    start = int(torch.randint(max(side - crop, 0) + 1, ()))
    return slice(start, start + crop)


def _pair(given: Sequence[int], what: str) -> tuple[int, int]:
    if not isinstance(given, Sequence) or len(given) != 2 or min(given) < 1:
        raise ValueError(f"{what} in pixels; got {given!r}")
    return given[0], given[1]
