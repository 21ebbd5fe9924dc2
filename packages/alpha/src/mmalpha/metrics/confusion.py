"""Confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.evaluator import BaseMetric
from engine.visualization import require_matplotlib
from engine.visualization.utils import img_from_canvas
from mmalpha.registry import METRICS

from ._labels import class_names, confusion_of, label_pairs

Normalize = Literal["true", "pred", "all"] | None

_CELL = 0.5  # inches
_LEAST_CELL = 0.11  # inches, for a name of a class beside it
_DPI = 120
_FEW = 20  # classes, up to which each cell has its number in it
_MANY = 100  # classes, from which on they have no names
_LETTER = 0.08  # inches, about the width of a letter


@METRICS.register_module()
class ConfusionMatrix(BaseMetric):
    """How many images there are by true (row) and predicted class.

    The value `confusion_matrix` is a list of rows. `ConfusionMatrixHook` draws it.

    Args:
        prefix: As in `BaseMetric`.
    """

    _count = 0  # of the classes

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the true and the predicted labels of a batch.

        Args:
            data_batch: Not used.
            data_samples: With `gt_label`, `pred_label` and `pred_score`, whose length is the number
                of classes.
        """
        self._count = len(data_samples[0]["pred_score"])
        self.results += list(label_pairs(data_samples))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, list[list[int]]]:
        """Count.

        Args:
            results: For each image its true and predicted label, `(2,)`.
        """
        return {"confusion_matrix": confusion_of(torch.stack(results), self._count).tolist()}


def plot_confusion_matrix(
    matrix: Sequence[Sequence[int]] | npt.NDArray[np.int64] | Tensor,
    classes: Sequence[str] | None = None,
    normalize: Normalize = "true",
) -> npt.NDArray[np.uint8]:
    """Draw a confusion matrix.

    Args:
        matrix: The images by true (row) and predicted class, `(C, C)`.
        classes: The names of the classes; None means their numbers.
        normalize: Of what the colors show the part: of the images of a true class, of those of a
            predicted class, or of all; None shows the counts. With few classes, the counts stand
            in the cells.

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
    names = class_names(None if classes is None else {"classes": classes}, len(counts))
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
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
        axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(names) <= _FEW:
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if parts[row, column] > 0.6 * top else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=7)
    return img_from_canvas(canvas)


def _normalize_counts(counts: npt.NDArray[Any], normalize: Normalize) -> npt.NDArray[np.float64]:
    if normalize not in ("true", "pred", "all", None):
        raise ValueError(f"normalize is 'true', 'pred', 'all' or None; got {normalize!r}")
    if normalize is None:
        return counts.astype(float)
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    parts: npt.NDArray[np.float64] = counts / np.maximum(counts.sum(axis, keepdims=True), 1)
    return parts
