"""Tables of a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._report import Table

_PAIRS = 20  # the most confused pairs that are told


def confusion_tables(
    matrix: npt.NDArray[np.int64], names: Sequence[str], unit: str
) -> tuple[Table, Table]:
    """Return the pairs of classes that are confused most, for the page, and the whole matrix.

    Args:
        matrix: The images, or pixels, by true (row) and predicted class, `(C, C)`.
        names: The names of the classes.
        unit: What is counted: `'images'`.
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    pairs = []
    for true, predicted in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if count := int(wrong[true, predicted]):
            part = count / int(matrix[true].sum())
            pairs.append([names[true], names[predicted], count, part])
    columns = ["true", "predicted", unit, "part of the true class"]
    whole = [[name, *row] for name, row in zip(names, matrix.tolist(), strict=True)]
    return (
        Table("confused_pairs", "Most confused classes", columns, pairs),
        Table("confusion", "Confusion", ["true", *names], whole, on_page=False),
    )
