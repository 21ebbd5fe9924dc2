"""RandAugment and TrivialAugment of an image and its mask.

Those of torchvision take no masks. These draw the same operations and magnitudes, and what moves
the pixels of the image moves those of the mask. They need torchvision, `engine[torchvision]`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from engine.registry import TORCHVISION_TRANSFORM_REGISTRY
from mmbeta.registry import TRANSFORMS

_IGNORED = 255


class _Range(NamedTuple):
    """From which magnitude to which, and whether its sign is drawn."""

    first: float
    last: float
    signed: bool = True


class _AutoAugment(ABC):
    """What both share: a table of operations, each with a range of magnitudes."""

    def __init__(self, num_magnitude_bins: int, fill: float, seg_fill: int) -> None:
        # Asked for by name, so that without torchvision the error says what to install.
        TORCHVISION_TRANSFORM_REGISTRY.get(type(self).__name__)
        if num_magnitude_bins < 2:
            raise ValueError(
                f"num_magnitude_bins of {type(self).__name__} is at least 2; "
                f"got {num_magnitude_bins}"
            )
        self.num_magnitude_bins = num_magnitude_bins
        self.fill = fill
        self.seg_fill = seg_fill

    def _apply(self, results: dict[str, Any], draw_bin: Callable[[], int]) -> None:
        """Apply one operation that is drawn to `img` and `gt_seg_map`."""
        image: Tensor = results["img"]
        ranges = self._ranges(*image.shape[-2:])
        name = [*ranges][int(torch.randint(len(ranges), ()))]
        span = ranges[name]
        magnitude = 0.0
        if span is not None:
            steps = torch.linspace(span.first, span.last, self.num_magnitude_bins)
            if name == "Posterize":
                steps = steps.round()
            magnitude = float(steps[draw_bin()])
            if span.signed and torch.rand(()) <= 0.5:
                magnitude *= -1
        if (move := _geometry(name, magnitude)) is None:
            results["img"] = _recolored(image, name, magnitude)
            return
        results["img"] = move(image, self.fill)
        if "gt_seg_map" in results:
            mask = results["gt_seg_map"]
            results["gt_seg_map"] = move(mask.unsqueeze(0), self.seg_fill).squeeze(0)

    @abstractmethod
    def _ranges(self, height: int, width: int) -> Mapping[str, _Range | None]:
        """Return the operations for images of a size, each with its magnitudes if it has any."""


@TRANSFORMS.register_module()
class RandAugment(_AutoAugment):
    """Applies several operations, each drawn from fourteen, all of one strength.

    Source: Cubuk et al., RandAugment, 2020, https://arxiv.org/abs/1909.13719.

    Args:
        num_ops: How many operations are applied.
        magnitude: How strong they are, from 0 to below `num_magnitude_bins`.
        num_magnitude_bins: How many strengths there are.
        fill: The value of pixels of the image that come in from outside.
        seg_fill: That of the mask, the label that is ignored.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        fill: float = 0,
        seg_fill: int = _IGNORED,
    ) -> None:
        super().__init__(num_magnitude_bins, fill, seg_fill)
        if num_ops < 0 or not 0 <= magnitude < num_magnitude_bins:
            raise ValueError(
                f"RandAugment: num_ops is at least 0, and magnitude from 0 to "
                f"{num_magnitude_bins - 1}; got {num_ops} and {magnitude}"
            )
        self.num_ops = num_ops
        self.magnitude = magnitude

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change `img`, and move `gt_seg_map` with it."""
        for _ in range(self.num_ops):
            self._apply(results, lambda: self.magnitude)
        return results

    def _ranges(self, height: int, width: int) -> Mapping[str, _Range | None]:
        shift = 150.0 / 331.0  # of the images of the paper
        return _table(0.3, shift * width, shift * height, 30.0, 0.9, 4)


@TRANSFORMS.register_module()
class TrivialAugmentWide(_AutoAugment):
    """Applies one operation of fourteen, of a strength that is drawn: there is nothing to tune.

    Source: Müller and Hutter, TrivialAugment, 2021, https://arxiv.org/abs/2103.10158.

    Args:
        num_magnitude_bins: How many strengths there are.
        fill: As in `RandAugment`.
        seg_fill: As in `RandAugment`.

    Raises:
        ValueError: If `num_magnitude_bins` is below 2.
    """

    def __init__(
        self, num_magnitude_bins: int = 31, fill: float = 0, seg_fill: int = _IGNORED
    ) -> None:
        super().__init__(num_magnitude_bins, fill, seg_fill)

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change `img`, and move `gt_seg_map` with it."""
        self._apply(results, lambda: int(torch.randint(self.num_magnitude_bins, ())))
        return results

    def _ranges(self, height: int, width: int) -> Mapping[str, _Range | None]:
        return _table(0.99, 32.0, 32.0, 135.0, 0.99, 6)


def _table(
    shear: float, shift_x: float, shift_y: float, angle: float, color: float, bits: int
) -> dict[str, _Range | None]:
    """Return the operations in the order of torchvision.

    Args:
        shear: The tangent of the largest angle.
        shift_x: The largest shift, in pixels.
        shift_y: The same from top to bottom.
        angle: The largest rotation, in degrees.
        color: The largest change of a factor of 1.
        bits: How many of the 8 bits of a color are lost at most.
    """
    return {
        "Identity": None,
        "ShearX": _Range(0, shear),
        "ShearY": _Range(0, shear),
        "TranslateX": _Range(0, shift_x),
        "TranslateY": _Range(0, shift_y),
        "Rotate": _Range(0, angle),
        "Brightness": _Range(0, color),
        "Color": _Range(0, color),
        "Contrast": _Range(0, color),
        "Sharpness": _Range(0, color),
        "Posterize": _Range(8, 8 - bits, signed=False),
        "Solarize": _Range(1, 0, signed=False),
        "AutoContrast": None,
        "Equalize": None,
    }


def _geometry(name: str, magnitude: float) -> Callable[[Tensor, float], Tensor] | None:
    """Return what moves the pixels of `(C, H, W)` and fills the rest; None if nothing is moved."""
    from torchvision.transforms.v2 import functional  # deferred: an extra

    if name == "Rotate":
        return lambda maps, fill: functional.rotate(maps, magnitude, fill=[fill])
    slope = math.degrees(math.atan(magnitude))
    moves: dict[str, dict[str, Any]] = {
        "ShearX": dict(translate=[0, 0], shear=[slope, 0.0], center=[0, 0]),
        "ShearY": dict(translate=[0, 0], shear=[0.0, slope], center=[0, 0]),
        "TranslateX": dict(translate=[int(magnitude), 0], shear=[0.0, 0.0]),
        "TranslateY": dict(translate=[0, int(magnitude)], shear=[0.0, 0.0]),
    }
    if name not in moves:
        return None
    return lambda maps, fill: functional.affine(maps, 0.0, scale=1.0, fill=[fill], **moves[name])


def _recolored(image: Tensor, name: str, magnitude: float) -> Tensor:
    """Change the values of an image `(C, H, W)`."""
    from torchvision.transforms.v2 import functional  # deferred: an extra

    most = 255 if image.dtype == torch.uint8 else 1.0
    changes: dict[str, Callable[[], Tensor]] = {
        "Identity": lambda: image,
        "Brightness": lambda: functional.adjust_brightness(image, 1.0 + magnitude),
        "Color": lambda: functional.adjust_saturation(image, 1.0 + magnitude),
        "Contrast": lambda: functional.adjust_contrast(image, 1.0 + magnitude),
        "Sharpness": lambda: functional.adjust_sharpness(image, 1.0 + magnitude),
        "Posterize": lambda: functional.posterize(image, int(magnitude)),
        "Solarize": lambda: functional.solarize(image, most * magnitude),
        "AutoContrast": lambda: functional.autocontrast(image),
        "Equalize": lambda: functional.equalize(image),
    }
    return changes[name]()
