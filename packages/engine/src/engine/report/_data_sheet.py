"""Page of samples: images with their labels, boxes and masks."""

from __future__ import annotations

import colorsys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from engine.visualization import Visualizer

from ._data_check import BACKGROUNDS, class_name
from ._report import Pixels
from ._samples import Array, Sample

Color = tuple[int, int, int]

_PAPER, _INK, _FADED, _WRONG = (255,) * 3, (30,) * 3, (110,) * 3, (200, 0, 0)
_GAP = 12  # pixels
_LINE = 18  # pixels, the height of a line of text
_FONT = 9  # points
_LETTER = 8  # pixels, the width of a letter of the font, whose letters are equally wide
_PATCH = 14  # pixels, the side of a patch of color
_LEAST_WIDTH = 150  # pixels, for what is written below an image
_COVER = 0.65  # how much of an image its mask covers
_STRIPE = 4  # pixels, of the pattern of pixels that don't count


class Palette(NamedTuple):
    """The names and colors of classes.

    Attributes:
        names: The names, as far as they are known.
        colors: A color for each label; they begin anew behind the last.
        ignored: The label of pixels that don't count.
    """

    names: Sequence[str]
    colors: Sequence[Color]
    ignored: int

    @classmethod
    def of(cls, metainfo: Mapping[str, Any], names: Sequence[str], ignored: int) -> Palette:
        """Take the `palette` of a dataset, or make up colors.

        Args:
            metainfo: The metainfo of the dataset.
            names: The names of its classes.
            ignored: The label of pixels that don't count.
        """
        given = metainfo.get("palette")
        if given is None or not len(given):
            count = max(len(names), 8)
            hues = (colorsys.hsv_to_rgb(n / count, 0.8, 0.95) for n in range(count))
            given = [[round(255 * part) for part in hue] for hue in hues]
            for label, name in enumerate(names):
                if name.lower() in BACKGROUNDS:
                    given[label] = [0, 0, 0]
        colors = [(int(red), int(green), int(blue)) for red, green, blue in given]
        return cls(names, colors, ignored)

    def color(self, label: int) -> Color:
        """Return the color of a label.

        Args:
            label: The label.
        """
        return self.colors[label % len(self.colors)]

    def is_class(self, label: int) -> bool:
        """Return whether a label is that of a class.

        Args:
            label: The label.
        """
        return label >= 0 and label != self.ignored and (not self.names or label < len(self.names))


class Cell(NamedTuple):
    """One of the images of a page.

    Attributes:
        pixels: RGB `(H, W, 3)`.
        lines: What is written below it.
        is_wrong: Whether that is written in red.
    """

    pixels: Pixels
    lines: Sequence[str] = ()
    is_wrong: bool = False


@dataclass
class _Texts:
    """Texts on a page, which are drawn at once."""

    texts: list[str] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    colors: list[Color] = field(default_factory=list)

    def add(self, text: str, left: float, top: float, width: float, color: Color = _INK) -> None:
        """Add a text, shortened to a width in pixels; `top` is that of its line."""
        printable = "".join(each if each.isprintable() else "?" for each in text)
        self.texts.append(shorten(printable, int(width // _LETTER)).replace("$", r"\$"))
        self.places.append((left, top + _LINE / 2))
        self.colors.append(color)

    def draw(self, page: Pixels) -> Pixels:
        visualizer = Visualizer(image=page)
        with warnings.catch_warnings():  # a name may have letters that the font lacks
            warnings.filterwarnings("ignore", r"Glyph .* missing")
            visualizer.draw_texts(
                self.texts,
                np.array(self.places),
                _FONT,
                self.colors,
                "center_baseline",
                font_families="monospace",
            )
            return visualizer.get_image()


def draw_page(
    rows: Sequence[Sequence[Cell]],
    palette: Palette,
    labels: Sequence[int],
    lines: Sequence[str],
    titles: Sequence[str] = (),
) -> Pixels:
    """Draw rows of images.

    Args:
        rows: The images.
        palette: The colors of the classes.
        labels: The labels of the legend.
        lines: What is written on top.
        titles: What is written above each row.

    Returns:
        RGB `(H, W, 3)`.
    """
    widths = [
        max([_LEAST_WIDTH, *(row[n].pixels.shape[1] for row in rows if n < len(row))])
        for n in range(max(len(row) for row in rows))
    ]
    lefts = [_GAP + sum(widths[:n]) + n * _GAP for n in range(len(widths) + 1)]
    width = max(lefts[-1], 480)
    legend = _arrange_legend(palette, labels, width - 2 * _GAP)
    legend_lines = 1 + legend[-1][2] if legend else 0
    heights = [
        max(len(cell.pixels) + _LINE * len(cell.lines) for cell in row) + _GAP for row in rows
    ]
    head = _GAP + _LINE * len(lines) + _GAP // 2
    title = _LINE if titles else 0
    tops = [head + title + sum(heights[:n]) + n * title for n in range(len(rows))]
    end = tops[-1] + heights[-1]
    page = np.full((end + legend_lines * _LINE + _GAP, width, 3), _PAPER[0], np.uint8)
    texts = _Texts()
    for number, text in enumerate(lines):
        texts.add(text, _GAP, _GAP + number * _LINE, width - 2 * _GAP)
    for number, (top, row) in enumerate(zip(tops, rows, strict=True)):
        if titles:
            texts.add(titles[number], _GAP, top - _LINE, width - 2 * _GAP)
        for left, cell, space in zip(lefts, row, widths, strict=False):
            height, wide = cell.pixels.shape[:2]
            page[top : top + height, left : left + wide] = cell.pixels
            for place, text in enumerate(cell.lines):
                color = _WRONG if cell.is_wrong else _FADED if place else _INK
                texts.add(text, left, top + height + place * _LINE, space, color)
    for label, left, line in legend:
        top = end + line * _LINE + (_LINE - _PATCH) // 2
        patch = np.full((_PATCH, _PATCH), label)
        page[top : top + _PATCH, _GAP + left : _GAP + left + _PATCH] = _paint(patch, palette)
        begin = _GAP + left + _PATCH + 6
        texts.add(_legend_name(palette, label), begin, top - 2, width - _GAP - begin)
    return texts.draw(page)


def draw_sample(sample: Sample, image: Pixels, palette: Palette, side: int) -> Pixels:
    """Draw an image with its boxes, and beside it the image below its mask, if it has one.

    Small images are enlarged by whole numbers, without smoothing.

    Args:
        sample: The sample.
        image: Its image for the eye, `(H, W, 3)`.
        palette: The names and colors of the classes.
        side: The largest side, in pixels.
    """
    tile = _resize(image, side, "area")
    if sample.boxes is not None and len(sample.boxes):
        tile = _draw_boxes(tile, sample, len(tile) / len(image), palette)
    if sample.mask is None or sample.mask.ndim != 2:
        return tile
    labels = _resize(sample.mask.astype(np.int64)[..., None], side, "nearest-exact")[..., 0]
    if labels.shape != tile.shape[:2]:  # a mask that does not fit its image stands for itself
        return _beside(tile, _paint(labels, palette))
    painted = _paint(labels, palette)
    covered = (1 - _COVER) * tile + _COVER * painted
    covered[~_are_classes(labels, palette)] = painted[~_are_classes(labels, palette)]
    return _beside(tile, covered.round().astype(np.uint8))


def blank(side: int) -> Pixels:
    """Return what stands for an image that is not there.

    Args:
        side: Its side, in pixels.
    """
    return np.full((side, side, 3), 235, np.uint8)


def describe(sample: Sample, palette: Palette) -> str:
    """Return the labels of a sample in words.

    Args:
        sample: The sample.
        palette: The names of the classes.
    """
    if sample.labels is not None:
        return ", ".join(class_name(palette.names, each) for each in sample.labels) or "no label"
    if sample.boxes is not None:
        return f"{len(sample.boxes)} box{'' if len(sample.boxes) == 1 else 'es'}"
    return ""


def shorten(text: str, length: int) -> str:
    """Return a text of at most so many letters; the middle of a longer one is left out.

    Args:
        text: The text.
        length: How many letters.
    """
    if len(text) <= length:
        return text
    tail = max(0, length - 1) * 2 // 3  # the end of a path says more than its beginning
    return f"{text[: max(0, length - 1 - tail)]}…{text[len(text) - tail :]}"


def _draw_boxes(tile: Pixels, sample: Sample, factor: float, palette: Palette) -> Pixels:
    assert sample.boxes is not None
    labels = sample.box_labels or (0,) * len(sample.boxes)
    corners = sample.boxes * factor
    visualizer = Visualizer(image=tile)
    visualizer.draw_bboxes(corners, [palette.color(each) for each in labels])
    if sample.box_labels:
        rooms = ((tile.shape[1] - corners[:, 0]) // _LETTER).astype(int).tolist()
        names = [
            shorten(class_name(palette.names, label), max(3, room)).replace("$", r"\$")
            for label, room in zip(labels, rooms, strict=True)
        ]
        behind = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1}
        visualizer.draw_texts(
            names, corners[:, :2], _FONT, "w", font_families="monospace", bboxes=behind
        )
    return visualizer.get_image()


def _resize(pixels: Array, side: int, mode: str) -> Array:
    """Bring the larger side of `(H, W, C)` near to a size; a small one is enlarged exactly."""
    largest = max(pixels.shape[:2])
    if largest <= side:
        return pixels.repeat(side // largest, 0).repeat(side // largest, 1)
    size = [max(1, round(each * side / largest)) for each in pixels.shape[:2]]
    values = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].double()
    resized = functional.interpolate(values, size, mode=mode)[0].permute(1, 2, 0).round()
    shown: Array = resized.numpy().astype(pixels.dtype)
    return shown


def _paint(labels: npt.NDArray[Any], palette: Palette) -> Pixels:
    """Paint labels; what does not count is striped gray, and what is no class red."""
    height, width = labels.shape
    stripes = np.add.outer(np.arange(height), np.arange(width)) // _STRIPE % 2 == 0
    painted = np.zeros((height, width, 3), np.uint8)
    for label in np.unique(labels).tolist():
        place = labels == label
        if palette.is_class(label):
            painted[place] = palette.color(label)
        else:
            dark, light = ((150,) * 3, (225,) * 3)
            if label != palette.ignored:
                dark, light = (230, 0, 0), (255, 255, 255)
            painted[place & stripes], painted[place & ~stripes] = dark, light
    return painted


def _are_classes(labels: npt.NDArray[Any], palette: Palette) -> npt.NDArray[np.bool_]:
    wanted = [each for each in np.unique(labels).tolist() if palette.is_class(each)]
    return np.isin(labels, wanted)


def _beside(left: Pixels, right: Pixels) -> Pixels:
    height = max(len(left), len(right))
    parts = [
        np.pad(each, ((0, height - len(each)), (0, 0), (0, 0)), constant_values=_PAPER[0])
        for each in (left, np.full((height, 3, 3), _PAPER[0], np.uint8), right)
    ]
    return np.concatenate(parts, axis=1)


def _legend_name(palette: Palette, label: int) -> str:
    if label == palette.ignored:
        return "ignored"
    name = class_name(palette.names, label)
    return name if palette.is_class(label) else f"{label}: no class"


def _arrange_legend(
    palette: Palette, labels: Sequence[int], width: int
) -> list[tuple[int, int, int]]:
    """Return each label, where it begins in pixels, and in which line."""
    placed: list[tuple[int, int, int]] = []
    left = line = 0
    for label in labels:
        needed = _PATCH + 6 + (len(_legend_name(palette, label)) + 2) * _LETTER
        if left and left + needed > width:
            left, line = 0, line + 1
        placed.append((label, left, line))
        left += needed
    return placed
