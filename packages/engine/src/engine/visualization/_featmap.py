"""Drawing of feature maps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ._backend import Image
from ._drawing import ImageDrawer
from .utils import convert_overlay_heatmap

_REDUCTIONS = ("squeeze_mean", "select_max")
_TILE = 96  # pixels, the least side of one of several maps
_TITLE = 20  # pixels, the height of its title
_GAP = 6  # pixels
_PAPER = 255
_INK = (40, 40, 40)


def draw_featmap(
    featmap: Tensor,
    overlaid_image: Image | None,
    channel_reduction: str | None,
    topk: int,
    arrangement: tuple[int, int],
    resize_shape: tuple[int, int] | None,
    alpha: float,
) -> Image:
    """Draw a feature map; see `Visualizer.draw_featmap`."""
    if not isinstance(featmap, Tensor) or featmap.ndim != 3:
        shape = tuple(featmap.shape) if isinstance(featmap, Tensor) else type(featmap).__name__
        raise ValueError(f"a feature map is a tensor of shape (C, H, W), got {shape}")
    if channel_reduction not in (None, *_REDUCTIONS):
        raise ValueError(
            f"channel_reduction is {' or '.join(_REDUCTIONS)} or None, got {channel_reduction!r}"
        )
    maps, image = _of_one_size(featmap.detach().cpu().float(), overlaid_image, resize_shape)
    if channel_reduction == "squeeze_mean":
        return convert_overlay_heatmap(maps.mean(0), image, alpha)
    if channel_reduction == "select_max":
        return convert_overlay_heatmap(maps[maps.sum((1, 2)).argmax()], image, alpha)
    if topk == -1:
        return _as_image(maps, image, alpha)
    numbers = maps.sum((1, 2)).topk(min(topk, len(maps))).indices.tolist()
    tiles = [convert_overlay_heatmap(maps[number], image, alpha) for number in numbers]
    return _sheet(tiles, [f"channel {number}" for number in numbers], arrangement)


def _of_one_size(
    maps: Tensor, image: Image | None, size: tuple[int, int] | None
) -> tuple[Tensor, Image | None]:
    """Bring the maps and the image to the size asked for, or else to that of the image."""
    if image is None:
        return (maps if size is None else _resize(maps, size)), None
    size = size or image.shape[:2]
    if image.shape[:2] != tuple(size):
        pixels = torch.from_numpy(image).permute(2, 0, 1).float()
        image = _resize(pixels, size).round().byte().permute(1, 2, 0).numpy()
    return _resize(maps, size), image


def _resize(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    return functional.interpolate(maps[None], tuple(size), mode="bilinear")[0]


def _as_image(maps: Tensor, image: Image | None, alpha: float) -> Image:
    """Show one channel as heat, and three as red, green and blue."""
    if len(maps) == 1:
        return convert_overlay_heatmap(maps[0], image, alpha)
    if len(maps) != 3:
        raise ValueError(
            f"a feature map of {len(maps)} channels is no image: with topk=-1 there are 1 or 3; "
            "else reduce them with channel_reduction"
        )
    low, high = maps.min(), maps.max()
    colors = ((maps - low) / (high - low).clamp(min=1e-12) * 255).permute(1, 2, 0).numpy()
    mixed = colors if image is None else alpha * image + (1 - alpha) * colors
    rgb: Image = mixed.round().astype(np.uint8)
    return rgb


def _sheet(tiles: list[Image], titles: list[str], arrangement: tuple[int, int]) -> Image:
    """Put images of one size in rows and columns, each below its title."""
    rows, columns = arrangement
    if rows * columns < len(tiles):
        raise ValueError(
            f"arrangement: {rows} rows of {columns} have no place for {len(tiles)} channels"
        )
    factor = max(1, -(-_TILE // min(tiles[0].shape[:2])))
    height, width = (side * factor for side in tiles[0].shape[:2])
    down, right = height + _TITLE + _GAP, width + _GAP
    sheet = np.full((rows * down + _GAP, columns * right + _GAP, 3), _PAPER, np.uint8)
    places = [
        (_GAP + (number // columns) * down, _GAP + (number % columns) * right)
        for number in range(len(tiles))
    ]
    for tile, (top, left) in zip(tiles, places, strict=True):
        below = top + _TITLE
        sheet[below : below + height, left : left + width] = tile.repeat(factor, 0).repeat(
            factor, 1
        )
    drawing = ImageDrawer()
    drawing.set_image(sheet)
    middles = np.array([(left, top + _TITLE / 2) for top, left in places])
    drawing.draw_texts(titles, middles, 9, _INK, vertical_alignments="center_baseline")
    return drawing.get_image()
