"""Mapping of the labels in mask files to classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]

_MOST = 256  # a mask has 8 bits for each pixel
_WRONG = -1


class LabelTable:
    """The class of each label in the files of a dataset.

    Args:
        num_classes: How many classes the files know.
        ignore_index: The label of pixels that don't count.
        reduce_zero_label: Whether 0 stands for such pixels too, and 1 for the first class.
        chosen: The classes that are asked for, by their indices in the files, in the order of their
            new ones; the pixels of others don't count. None means all.

    Raises:
        ValueError: If there are more classes than 8 bits can tell apart.
    """

    def __init__(
        self,
        num_classes: int,
        ignore_index: int = 255,
        reduce_zero_label: bool = False,
        chosen: Sequence[int] | None = None,
    ) -> None:
        first = int(reduce_zero_label)
        if num_classes + first > _MOST or not 0 <= ignore_index < _MOST:
            raise ValueError(
                f"masks have labels from 0 to {_MOST - 1}; got {num_classes} classes, and "
                f"{ignore_index} for pixels to ignore"
            )
        self.expected = f"{first} to {num_classes - 1 + first}, or {ignore_index}"
        self._table = np.full(_MOST, _WRONG, np.int16)
        order = range(num_classes) if chosen is None else chosen
        self._table[first : first + num_classes] = ignore_index
        for new, old in enumerate(order):
            self._table[first + old] = new
        self._table[:first] = ignore_index
        self._table[ignore_index] = ignore_index

    def __call__(self, mask: Mask, path: str) -> Mask:
        """Return a mask with the labels of the classes.

        Args:
            mask: A mask with the labels of the file, `(H, W)`.
            path: The file, for the error.

        Raises:
            ValueError: If the mask has a label without a class.
        """
        labels = self._table[mask]
        if labels.size and labels.min() == _WRONG:
            wrong = np.unique(mask[labels == _WRONG])
            shown = ", ".join(map(str, wrong[:8])) + (", ..." if len(wrong) > 8 else "")
            raise ValueError(
                f"{path} has the labels {shown}; the dataset has {self.expected} to ignore a pixel"
            )
        return labels.astype(np.uint8)


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
