"""Picture of a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ._requires import require_matplotlib
from .utils import img_from_canvas

Normalize = Literal["true", "pred", "all"] | None

_CELL = 0.5  # inches
_LEAST_CELL = 0.11  # inches, for a name of a class beside it
_DPI = 120
_FEW = 20  # classes, up to which each cell has its number in it
_MANY = 100  # classes, from which on they have no names
_LETTER = 0.08  # inches, about the width of a letter


def plot_confusion_matrix(
    matrix: Sequence[Sequence[int]] | npt.NDArray[np.int64] | Tensor,
    classes: Sequence[str] | None = None,
    normalize: Normalize = "true",
    cells: Literal["counts", "parts"] = "counts",
) -> npt.NDArray[np.uint8]:
    """Draw a confusion matrix.

    Args:
        matrix: The images, or pixels, by true (row) and predicted class, `(C, C)`.
        classes: The names of the classes; None means their numbers.
        normalize: Of what the colors show the part: of the images of a true class, of those of a
            predicted class, or of all; None shows the counts.
        cells: What stands in the cells, where there are few classes: the counts, or these parts.

    Returns:
        An image, RGB of shape (H, W, 3).

    Raises:
        ImportError: If matplotlib is missing.
        ValueError: If the matrix is none of so many classes.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # deferred: only drawing needs it
    from matplotlib.figure import Figure

    counts = np.asarray(matrix)
    given = range(len(counts)) if classes is None or len(classes) == 0 else classes
    names = [str(name) for name in given]
    if not names:
        raise ValueError(f"a confusion matrix has a class at least; got {counts.shape}")
    if counts.shape != (len(names), len(names)):
        raise ValueError(
            f"the confusion matrix of {len(names)} classes has the shape "
            f"({len(names)}, {len(names)}); got {counts.shape}"
        )
    cell = max(min(_CELL, _CELL * _FEW / len(names)), _LEAST_CELL)
    side = max(cell * min(len(names), _MANY), 3.0)
    margin = _LETTER * max(map(len, names)) + 0.8
    figure = Figure((side + margin + 1.2, side + margin), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    parts = _normalize_counts(counts, normalize)
    top = parts.max() if normalize is None else 1.0
    picture = axes.imshow(parts, cmap="Blues", vmin=0, vmax=max(top, 1e-9))
    figure.colorbar(picture, ax=axes, shrink=0.8)
    if len(names) <= _MANY:
        size = min(8.0, 72 * cell * 0.75)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
        axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(names) <= _FEW:
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if parts[row, column] > 0.6 * top else "black"
            part = parts[row, column]
            text = str(count) if cells == "counts" else f"{part:.2f}".removeprefix("0")
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=7)
    return img_from_canvas(canvas)


def _normalize_counts(counts: npt.NDArray[Any], normalize: Normalize) -> npt.NDArray[np.float64]:
    if normalize not in ("true", "pred", "all", None):
        raise ValueError(f"normalize is 'true', 'pred', 'all' or None; got {normalize!r}")
    if normalize is None:
        return counts.astype(float)
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    parts: npt.NDArray[np.float64] = counts / np.maximum(counts.sum(axis, keepdims=True), 1)
    return parts
