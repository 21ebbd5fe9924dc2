"""Labels of masks: from the values of files to the indices of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[Any]

_MOST = 1 << 16  # a mask has at most 16 bits for each pixel
_WRONG = -1
_ONE_HOT = ("classes", "foreground")


class LabelReader:
    """What turns the pixels of a mask file into labels.

    Args:
        label_map: As in `LoadAnnotations`.
        palette: As in `LoadAnnotations`.
        one_hot: As in `LoadAnnotations`.

    Raises:
        TypeError: If `label_map` is no dictionary.
        ValueError: If an argument is none of those.
    """

    def __init__(
        self,
        label_map: Mapping[int, int] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        one_hot: Literal["classes", "foreground"] | None = None,
    ) -> None:
        if one_hot is not None and one_hot not in _ONE_HOT:
            raise ValueError(f"one_hot is 'classes', 'foreground' or None; got {one_hot!r}")
        if one_hot is not None and palette is not None:
            raise ValueError("a mask is read by its palette or as one_hot; give one of them")
        self.label_map: dict[int, int] = _checked_map(label_map)
        self.palette: npt.NDArray[np.int32] | None = None if palette is None else _codes_of(palette)
        self.one_hot = one_hot

    def __call__(
        self, pixels: npt.NDArray[Any], path: str, palette: Sequence[Sequence[int]] | None = None
    ) -> Mask:
        """Return the label of each pixel, `(H, W)`.

        Args:
            pixels: Values `(H, W)`, or `(H, W, C)` of several channels.
            path: The file, for errors.
            palette: The color of each label where this reader has no palette.

        Raises:
            ValueError: If the pixels are no labels, or of a color that is not in the palette.
        """
        labels = self._labels(pixels, path, palette)
        most = max(self.label_map.values(), default=0)
        own = np.uint8 if labels.dtype == np.uint8 and most < 256 else np.int32
        if self.label_map:
            labels = self._mapped(labels)
        outside = (labels < 0) | (labels >= _MOST)
        if outside.any():
            raise ValueError(
                f"{path} has the labels {_some(labels[outside])}; labels are from 0 to {_MOST - 1}"
            )
        return labels.astype(own)

    @property
    def key(self) -> str:
        """A text that is equal for readers that read alike."""
        codes = None if self.palette is None else self.palette.tolist()
        return repr((sorted(self.label_map.items()), codes, self.one_hot))

    def _mapped(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Apply `label_map`."""
        table = np.arange(_MOST if labels.dtype != np.uint8 else 256)
        mapped = labels.astype(np.int64)
        for value, label in self.label_map.items():
            if 0 <= value < len(table):
                table[value] = label
            else:
                mapped[labels == value] = label
        inside = (labels >= 0) & (labels < len(table))
        mapped[inside] = table[labels[inside]]
        return mapped

    def _labels(
        self, pixels: npt.NDArray[Any], path: str, palette: Sequence[Sequence[int]] | None
    ) -> npt.NDArray[Any]:
        if self.one_hot is not None:
            return _from_channels(np.atleast_3d(pixels), self.one_hot == "foreground", path)
        if pixels.ndim == 2 or pixels.shape[2] == 1:
            return pixels.reshape(pixels.shape[:2])
        if pixels.shape[2] not in (3, 4) or pixels.dtype != np.uint8:
            raise ValueError(
                f"{path} is no mask of one value for each pixel: it has {pixels.shape[2]} channels "
                f"of {pixels.dtype.name}; LoadAnnotations(one_hot='classes') takes a channel for "
                "each class"
            )
        codes = self.palette
        if codes is None and palette is not None:
            codes = _codes_of(palette)
        if codes is None:
            raise ValueError(
                f"{path} is a mask of colors; say which color each label has, by palette=[[r, g, "
                "b], ...] of LoadAnnotations or in the metainfo of the dataset"
            )
        return _from_colors(pixels, codes, path)


class LabelTable:
    """The class of each label in the files of a dataset.

    Args:
        num_classes: How many classes the files know.
        ignore_index: The label of pixels that don't count.
        reduce_zero_label: Whether 0 stands for such pixels too, and 1 for the first class.
        chosen: The classes that are asked for, by their indices in the files, in the order of their
            new ones; the pixels of others don't count. None means all.
        palette: The color of each label in files of colors.

    Raises:
        ValueError: If there are more labels than 16 bits can tell apart, or `ignore_index` is the
            index of a class other than the first.
    """

    def __init__(
        self,
        num_classes: int,
        ignore_index: int = 255,
        reduce_zero_label: bool = False,
        chosen: Sequence[int] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
    ) -> None:
        first = int(reduce_zero_label)
        if num_classes + first > _MOST or not 0 <= ignore_index < _MOST:
            raise ValueError(
                f"masks have labels from 0 to {_MOST - 1}; got {num_classes} classes, and "
                f"{ignore_index} for pixels to ignore"
            )
        order = range(num_classes) if chosen is None else chosen
        if 0 < ignore_index < len(order):
            raise ValueError(
                f"ignore_index {ignore_index} is also the index of one of the {len(order)} classes;"
                " choose another"
            )
        self.palette = palette
        self.ignore_index = ignore_index
        self.expected: str = f"{first} to {num_classes - 1 + first}, or {ignore_index}"
        size = max(256, num_classes + first, ignore_index + 1)
        self._table = np.full(size, _WRONG, np.int32)
        self._table[first : first + num_classes] = ignore_index
        for new, old in enumerate(order):
            self._table[first + old] = new
        self._table[:first] = ignore_index
        self._table[ignore_index] = ignore_index
        self._type = np.uint8 if max(ignore_index, len(order) - 1) < 256 else np.int32

    @property
    def key(self) -> str:
        """A text that is equal for tables that map labels alike."""
        return repr((self._table.tolist(), self.palette))

    def __call__(self, mask: Mask, path: str) -> Mask:
        """Return a mask with the labels of the classes.

        Args:
            mask: A mask with the labels of the file, `(H, W)`.
            path: The file, for the error.

        Raises:
            ValueError: If the mask has a label without a class.
        """
        if mask.dtype == np.uint8:
            labels = self._table[mask]
        else:
            inside = (mask >= 0) & (mask < len(self._table))
            labels = np.where(inside, self._table[np.where(inside, mask, 0)], _WRONG)
        if labels.size and labels.min() == _WRONG:
            raise ValueError(
                f"{path} has the labels {_some(mask[labels == _WRONG])}; the dataset has "
                f"{self.expected} to ignore a pixel"
            )
        return labels.astype(self._type)


def chosen_classes(known: Mapping[str, Any], asked: Mapping[str, Any], owner: str) -> list[int]:
    """Return where the classes that are asked for stand among those that the files know.

    Args:
        known: The metainfo of the class of a dataset, with its `classes`.
        asked: The metainfo of a dataset.
        owner: The name of the dataset, for the error.

    Raises:
        ValueError: If a class is asked for that the files don't know.
    """
    names = [*known["classes"]]
    if unknown := [name for name in asked["classes"] if name not in names]:
        raise ValueError(
            f"{owner} has no classes {', '.join(map(repr, unknown))}; it has {', '.join(names)}"
        )
    return [names.index(name) for name in asked["classes"]]


def _checked_map(label_map: Mapping[int, int] | None) -> dict[int, int]:
    if label_map is None:
        return {}
    if not isinstance(label_map, Mapping):
        raise TypeError(f"label_map is a dictionary of labels, {{255: 1}}; got {label_map!r}")
    try:
        # The keys of a JSON or TOML config are texts.
        checked = {int(value): int(label) for value, label in label_map.items()}
    except (TypeError, ValueError):
        raise ValueError(f"label_map has integers, {{255: 1}}; got {dict(label_map)!r}") from None
    if not all(0 <= label < _MOST for label in checked.values()):
        raise ValueError(f"labels are from 0 to {_MOST - 1}; got {dict(label_map)!r}")
    return checked


def _codes_of(palette: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    """Return each color of a palette as one number."""
    colors = np.asarray(palette)
    if colors.ndim != 2 or colors.shape[1] != 3 or colors.min() < 0 or colors.max() > 255:
        raise ValueError(f"palette is a list of colors [r, g, b] from 0 to 255; got {palette!r}")
    codes = _encode(colors)
    if len(np.unique(codes)) < len(codes):
        raise ValueError(f"palette has one color twice; got {palette!r}")
    return codes


def _encode(colors: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    red, green, blue = (colors[..., channel].astype(np.int32) for channel in range(3))
    codes: npt.NDArray[np.int32] = (red << 16) | (green << 8) | blue
    return codes


def _from_colors(
    pixels: npt.NDArray[Any], codes: npt.NDArray[np.int32], path: str
) -> npt.NDArray[Any]:
    """Return the place in the palette of each pixel's color."""
    wanted = _encode(pixels)
    order = np.argsort(codes)
    places: npt.NDArray[Any] = order[
        np.searchsorted(codes, wanted, sorter=order).clip(max=len(codes) - 1)
    ]
    unknown = codes[places] != wanted
    if unknown.any():
        found = np.unique(wanted[unknown])
        shown = [f"[{code >> 16}, {code >> 8 & 255}, {code & 255}]" for code in found[:4].tolist()]
        raise ValueError(
            f"{path} has colors that are not in the palette: {', '.join(shown)}"
            f"{', ...' if len(found) > 4 else ''}; list them behind those of the classes, and give "
            "their places in the palette another label by label_map"
        )
    return places.astype(np.uint8 if len(codes) <= 256 else np.int32)


def _from_channels(channels: npt.NDArray[Any], has_background: bool, path: str) -> npt.NDArray[Any]:
    """Return which channel of each pixel is not zero."""
    present = channels != 0
    count = present.sum(2)
    if (several := int((count > 1).sum())) or (not has_background and (count == 0).any()):
        what = f"{several} pixels in several channels" if several else "pixels in no channel"
        raise ValueError(
            f"{path} has {what}; one_hot masks have one channel for each pixel"
            + ("" if several else ", or none for the background with one_hot='foreground'")
        )
    labels: npt.NDArray[Any] = present.argmax(2)
    if has_background:
        labels = np.where(count == 0, 0, labels + 1)
    return labels.astype(np.uint8 if channels.shape[2] < 256 else np.int32)


def _some(values: npt.NDArray[Any]) -> str:
    """Name the first few of different values."""
    found = np.unique(values)
    return ", ".join(map(str, found[:8])) + (", ..." if len(found) > 8 else "")
