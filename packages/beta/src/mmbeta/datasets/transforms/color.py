"""Photometric transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmbeta.registry import TRANSFORMS

_HUES = 256 / 180  # what Pillow counts for one of OpenCV


@TRANSFORMS.register_module()
class PhotoMetricDistortion:
    """Changes brightness, contrast and, of an RGB image, saturation and hue at random.

    It takes images of uint8; for others there is `torchvision.ColorJitter`.

    Each change has the probability 1/2; the contrast changes before the last two or after them. The
    mask stays as it is.

    SSD: Single Shot MultiBox Detector, Liu et al., 2016, https://arxiv.org/abs/1512.02325.

    Args:
        brightness_delta: By how much values change at most, on the scale from 0 to 255.
        contrast_range: The least and the largest factor of the values.
        saturation_range: The least and the largest factor of the saturation.
        hue_delta: By how much the hue changes at most, in steps of 2 degrees.
    """

    def __init__(
        self,
        brightness_delta: float = 32,
        contrast_range: Sequence[float] = (0.5, 1.5),
        saturation_range: Sequence[float] = (0.5, 1.5),
        hue_delta: int = 18,
    ) -> None:
        self.brightness_delta = brightness_delta
        self.contrast_range: tuple[float, ...] = tuple(contrast_range)
        self.saturation_range: tuple[float, ...] = tuple(saturation_range)
        self.hue_delta = hue_delta

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change `img`.

        Raises:
            TypeError: If it is not of uint8.
        """
        image: Tensor = results["img"]
        if image.dtype != torch.uint8:
            raise TypeError(
                f"PhotoMetricDistortion changes images of torch.uint8; got {image.dtype}. "
                "torchvision.ColorJitter takes others"
            )
        contrast_first = _coin()
        scale = _between(self.contrast_range) if _coin() else 1.0
        shift = _between((-self.brightness_delta, self.brightness_delta)) if _coin() else 0.0
        image = _linear(image, scale if contrast_first else 1.0, shift)
        if len(image) == 3:
            saturation = _between(self.saturation_range) if _coin() else 1.0
            hue = _between((-self.hue_delta, self.hue_delta)) if _coin() else 0.0
            image = _shift_hue(image, saturation, hue)
        results["img"] = image if contrast_first else _linear(image, scale, 0.0)
        return results


def _coin() -> bool:
    return torch.rand(()).item() < 0.5


def _between(span: Sequence[float]) -> float:
    return span[0] + torch.rand(()).item() * (span[1] - span[0])


def _linear(image: Tensor, scale: float, shift: float) -> Tensor:
    """Brighten an image, then change its contrast."""
    if scale == 1 and shift == 0:
        return image
    return ((image.float() + shift) * scale).round().clamp(0, 255).byte()


def _shift_hue(image: Tensor, saturation: float, hue: float) -> Tensor:
    if saturation == 1 and hue == 0:
        return image
    rgb = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    hsv = np.array(Image.fromarray(rgb).convert("HSV"))
    hsv[..., 0] += np.uint8(round(hue * _HUES) % 256)  # goes round, as hues do
    hsv[..., 1] = (hsv[..., 1] * saturation).round().clip(0, 255)
    height, width = rgb.shape[:2]
    changed = Image.frombytes("HSV", (width, height), hsv.tobytes()).convert("RGB")
    return torch.from_numpy(np.array(changed)).permute(2, 0, 1)
