"""Data preprocessor of segmentors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from engine.model import ImgDataPreprocessor
from engine.structures import PixelData
from mmbeta.registry import MODELS


@MODELS.register_module()
class SegDataPreprocessor(ImgDataPreprocessor):
    """Normalizes images, pads them and, in training, their masks to one size, and stacks them.

    Outside of training masks stay as they are: a prediction is cut to the size of its image.

    Args:
        mean: As in `ImgDataPreprocessor`.
        std: As in `ImgDataPreprocessor`.
        size: The least height and width of the images of a training, in pixels.
        size_divisor: Height and width become multiples of it.
        pad_val: What images are padded with, after normalization.
        seg_pad_val: What masks are padded with.
        bgr_to_rgb: As in `ImgDataPreprocessor`.
        rgb_to_bgr: As in `ImgDataPreprocessor`.
        non_blocking: As in `BaseDataPreprocessor`.

    Raises:
        ValueError: If only one of `mean` and `std` is given, or both conversions are.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        size: Sequence[int] | None = None,
        size_divisor: int = 1,
        pad_val: float = 0.0,
        seg_pad_val: int = 255,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(mean, std, size_divisor, pad_val, bgr_to_rgb, rgb_to_bgr, non_blocking)
        self.size: tuple[int, ...] = (0, 0) if size is None else tuple(size)
        self.seg_pad_val = seg_pad_val

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return the batch with float `inputs` of shape `(N, C, H, W)`.

        Args:
            data: `inputs`, as in `ImgDataPreprocessor`, and `data_samples`.
            training: Whether it is for training.

        Raises:
            TypeError: If `inputs` are no images.
            ValueError: If the images have other channels than `mean` and `std` are for.
        """
        data = super().forward(data, training)
        if training:
            data["inputs"] = _pad(data["inputs"], self.size, self.pad_value)
            size = data["inputs"].shape[-2:]
            for sample in data.get("data_samples") or ():
                for name, value in (("gt_sem_seg", self.seg_pad_val), ("gt_values", math.nan)):
                    if name in sample and getattr(sample, name).shape != size:
                        padded = _pad(getattr(sample, name).data, size, value)
                        setattr(sample, name, PixelData(data=padded))
        return data


def _pad(maps: Tensor, size: Sequence[int], value: float) -> Tensor:
    """Pad at the right and the bottom, where maps are smaller than `size`."""
    height, width = (max(want - have, 0) for want, have in zip(size, maps.shape[-2:], strict=True))
    return functional.pad(maps, (0, width, 0, height), value=value) if height or width else maps
