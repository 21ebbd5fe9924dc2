"""Loading of an image and its mask."""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from engine.fileio import get
from engine.infer import decoding
from engine.registry import is_building_from_data
from engine.registry.restrictions import check_fetched_plainly
from mmbeta.registry import TRANSFORMS

_MODES = {"gray": "L", "rgb": "RGB"}
_MASK_MODES = ("1", "L", "P")


@TRANSFORMS.register_module()
class LoadImageFromFile:
    """Reads the image of `img_path`, a local path or a URL.

    Args:
        color: `'gray'` for one channel, `'rgb'` for three.

    Raises:
        ValueError: If `color` is neither.
    """

    def __init__(self, color: Literal["gray", "rgb"] = "rgb") -> None:
        if color not in _MODES:
            raise ValueError(f"color of LoadImageFromFile is 'gray' or 'rgb'; got {color!r}")
        self.color = color
        self._from_data = is_building_from_data()

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `img`, and `ori_shape`, its height and width."""
        path = results["img_path"]
        if self._from_data:
            check_fetched_plainly(path)
        pixels = torch.from_numpy(_decode(_open(path), path, _MODES[self.color]))
        results["img"] = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
        results["ori_shape"] = tuple(pixels.shape[:2])
        return results


@TRANSFORMS.register_module()
class LoadAnnotations:
    """Reads the mask of `seg_map_path`, an image, gray or with a palette, whose values are labels.

    The labels become those of the classes by the `label_table` of the sample, if it has one.
    """

    def __init__(self) -> None:
        self._from_data = is_building_from_data()

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `gt_seg_map`, a tensor `(H, W)` of uint8."""
        if "seg_map_path" not in results:
            raise ValueError(
                f"{results.get('img_path', 'the sample')} has no mask: data_prefix of the dataset "
                "has no seg_map_path"
            )
        path = results["seg_map_path"]
        if self._from_data:
            check_fetched_plainly(path)
        image = _open(path)
        if image.mode not in _MASK_MODES:
            raise ValueError(
                f"{path} is no mask: its pixels are {image.mode}; expected one value of 8 bits for "
                "each, the label (a gray image, or one with a palette)"
            )
        mask = _decode(image, path)
        if mask.shape != results.get("ori_shape", mask.shape):
            raise ValueError(
                f"{path} has {mask.shape[0]}×{mask.shape[1]} pixels, but {results['img_path']} has "
                f"{results['ori_shape'][0]}×{results['ori_shape'][1]}"
            )
        if "label_table" in results:
            mask = results["label_table"](mask, path)
        results["gt_seg_map"] = torch.from_numpy(mask)
        return results


def _open(path: str) -> Image.Image:
    content = get(path)
    with decoding(path):
        return Image.open(io.BytesIO(content))


def _decode(image: Image.Image, path: str, mode: str | None = None) -> npt.NDArray[np.uint8]:
    with decoding(path):
        return np.array(image if mode is None else image.convert(mode), np.uint8)
