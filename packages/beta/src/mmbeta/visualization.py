"""Drawing of masks."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch
from PIL import ImageOps
from torch import Tensor

from engine.infer import to_rgb
from engine.visualization import Visualizer

Image = npt.NDArray[np.uint8]
Color = tuple[int, int, int]

_PAPER = 255
_TEXT = (40, 40, 40)
_GAP = 8  # pixels
_LINE = 28  # pixels, the height of a line of text
_FONT = 10  # points
_LETTER = 10  # pixels, about the width of a letter
_PATCH = 28  # pixels, a patch of color and the gap behind it
_SIDE = 192  # pixels, the least side of an image


class Classes(NamedTuple):
    """The names and colors of the classes of a dataset."""

    names: Sequence[str]
    colors: Sequence[Color]

    @classmethod
    def of(cls, metainfo: Mapping[str, Any]) -> Classes:
        """Take them from the metainfo of a dataset; without a palette, colors are made up."""
        names, palette = metainfo["classes"], metainfo.get("palette")
        if palette is None or len(palette) == 0:
            return cls(names, _rainbow(len(names)))
        # It may be an array.
        return cls(names, [(int(red), int(green), int(blue)) for red, green, blue in palette])


def overlay(image: Tensor, mask: Tensor, classes: Classes, alpha: float = 0.6) -> Image:
    """Lay the colors of a mask over its image, and write below which class has which color.

    Args:
        image: A tensor `(C, H, W)`.
        mask: The class of each pixel, `(H, W)`.
        classes: Their names and colors.
        alpha: How much of a color covers the image, from 0 to 1.
    """
    blended = (1 - alpha) * to_rgb(image) + alpha * _color_mask(mask, classes)
    picture = _enlarge(blended.round().astype(np.uint8))
    present = torch.unique(mask).tolist()
    return np.concatenate([picture, _legend(classes, present, picture.shape[1])])


def contact_sheet(
    images: Sequence[Tensor], rows: Mapping[str, Sequence[Tensor]], classes: Classes
) -> Image:
    """Show images side by side, and below each of them its masks.

    Args:
        images: Tensors `(C, H, W)`; smaller ones are enlarged.
        rows: For the title of each row, the masks `(H, W)` of the images.
        classes: The names and colors of the classes.
    """
    tiles = {"image": [to_rgb(image) for image in images]}
    tiles |= {
        title: [_color_mask(mask, classes) for mask in masks] for title, masks in rows.items()
    }
    height, width = np.max([tile.shape[:2] for row in tiles.values() for tile in row], 0)
    parts: list[Image] = []
    for title, row in tiles.items():
        strip = _row([_enlarge(_fit(tile, height, width)) for tile in row])
        parts += [_write_line(_paper(_LINE, strip.shape[1]), [(title, 0)]), strip]
    width = parts[0].shape[1]
    sheet = np.concatenate([*parts, _legend(classes, range(len(classes.names)), width)])
    return np.pad(sheet, ((_GAP, _GAP), (_GAP, _GAP), (0, 0)), constant_values=_PAPER)


def side_by_side(image: Tensor, masks: Sequence[Tensor], classes: Classes, side: int) -> Image:
    """Show an image and its masks side by side, each at most as large as said.

    Args:
        image: A tensor `(C, H, W)`.
        masks: The class of each pixel, `(H', W')` each, of the image in another size perhaps.
        classes: Their names and colors.
        side: The largest side, in pixels.
    """
    height, width = masks[0].shape
    factor = min(1.0, side / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    picture = PIL.Image.fromarray(np.ascontiguousarray(to_rgb(image)))
    tiles = [np.asarray(picture.resize(size, PIL.Image.Resampling.BILINEAR))]
    for mask in masks:
        painted = PIL.Image.fromarray(_color_mask(mask, classes))
        tiles.append(np.asarray(painted.resize(size, PIL.Image.Resampling.NEAREST)))
    return _row(tiles)


def titled(image: Image, title: str) -> Image:
    """Write a line below an image, which is enlarged if it is small.

    Args:
        image: RGB of shape (H, W, 3).
        title: The line.
    """
    picture = _enlarge(image)
    return np.concatenate([picture, _write_line(_paper(_LINE, picture.shape[1]), [(title, _GAP)])])


def legend(classes: Classes, width: int = 900) -> Image:
    """Show which class has which color.

    Args:
        classes: Their names and colors.
        width: The width of the image, in pixels.
    """
    return _legend(classes, range(len(classes.names)), width)


def _color_mask(mask: Tensor, classes: Classes) -> Image:
    """Paint a mask; pixels of no class, such as those that a metric ignores, stay white."""
    colors = np.asarray([*classes.colors[: len(classes.names)], (_PAPER,) * 3], np.uint8)
    colored: Image = colors[mask.cpu().numpy().clip(max=len(colors) - 1)]
    return colored


def _fit(image: Image, height: int, width: int) -> Image:
    """Enlarge an image as far as it fits, in the middle of white."""
    if image.shape[:2] == (height, width):
        return image
    white = (_PAPER,) * 3
    padded = ImageOps.pad(
        PIL.Image.fromarray(image), (width, height), PIL.Image.Resampling.NEAREST, white
    )
    return np.asarray(padded)


def _enlarge(image: Image) -> Image:
    """Repeat the pixels of a small image, so that it can be looked at."""
    factor = max(1, -(-_SIDE // min(image.shape[:2])))
    return image.repeat(factor, 0).repeat(factor, 1)


def _row(tiles: Sequence[Image]) -> Image:
    gap = _paper(tiles[0].shape[0], _GAP)
    parts = [part for tile in tiles for part in (gap, tile)]
    return np.concatenate(parts[1:], axis=1)


def _legend(classes: Classes, shown: Sequence[int], width: int) -> Image:
    """Return lines with a patch of color and a name for each class, as wide as said."""
    lines: list[list[tuple[int, int]]] = [[]]  # of each line, the classes and where they begin
    left = 0
    for index in shown:
        needed = _PATCH + (len(str(classes.names[index])) + 2) * _LETTER
        if left + needed > width and lines[-1]:
            lines.append([])
            left = 0
        lines[-1].append((index, left))
        left += needed
    return np.concatenate([_legend_line(classes, line, width) for line in lines])


def _legend_line(classes: Classes, entries: Sequence[tuple[int, int]], width: int) -> Image:
    line = _paper(_LINE, width)
    for index, left in entries:
        line[_GAP:-_GAP, left : left + _PATCH - _GAP] = classes.colors[index]
    return _write_line(
        line, [(str(classes.names[index]), left + _PATCH) for index, left in entries]
    )


def _write_line(line: Image, texts: Sequence[tuple[str, int]]) -> Image:
    """Write texts, each from a number of pixels on, onto a line."""
    places = np.array([(left, _LINE / 2) for _, left in texts])
    visualizer = Visualizer(image=line)
    visualizer.draw_texts(
        [text for text, _ in texts], places, _FONT, _TEXT, vertical_alignments="center_baseline"
    )
    return visualizer.get_image()


def _paper(height: int, width: int) -> Image:
    return np.full((height, width, 3), _PAPER, np.uint8)


def _rainbow(count: int) -> list[Color]:
    colors = (colorsys.hsv_to_rgb(index / count, 0.75, 0.95) for index in range(count))
    return [
        (round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in colors
    ]
