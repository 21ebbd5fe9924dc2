"""What the metrics of masks share: the names of the classes, checks of labels, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor


def classes_of(dataset_meta: Mapping[str, Any] | None, metric: str) -> list[str]:
    """Return the names of the classes.

    Args:
        dataset_meta: The meta information of the dataset.
        metric: The name of the metric, for the error.

    Raises:
        ValueError: If there are none.
    """
    classes = [str(name) for name in (dataset_meta or {}).get("classes", ())]
    if not classes:
        raise ValueError(
            f"{metric} needs the names of the classes: `classes` in the dataset's metainfo"
        )
    return classes


def check_labels(truth: Tensor, prediction: Tensor, count: int, ignore_index: int) -> None:
    """Check labels of pixels that count.

    Args:
        truth: The true labels.
        prediction: The predicted ones.
        count: How many classes there are.
        ignore_index: The label of pixels that don't count, for the error.

    Raises:
        ValueError: If a label is none of a class.
    """
    for name, labels in (("true", truth), ("predicted", prediction)):
        if labels.numel() and not 0 <= labels.min() <= labels.max() < count:
            raise ValueError(
                f"a {name} mask has labels from {labels.min()} to {labels.max()}; "
                f"expected 0 to {count - 1}, or {ignore_index} to ignore a pixel"
            )


def table_of(classes: Sequence[str], measured: Mapping[str, Tensor]) -> str:
    """Return the values of each class as a table.

    Args:
        classes: The names of the classes.
        measured: For each value its name and a tensor `(num_classes,)`.
    """
    width = max(len("class"), *map(len, classes))
    columns = [[f"{value:.4f}" for value in values.tolist()] for values in measured.values()]
    rows = [["class", *measured], *zip(classes, *columns, strict=True)]
    spaces = [max(len(name), 6) + 2 for name in measured]
    return "\n".join(
        f"{first:<{width}}"
        + "".join(f"{cell:>{space}}" for cell, space in zip(cells, spaces, strict=True))
        for first, *cells in rows
    )
