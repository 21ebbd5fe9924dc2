"""Base class of datasets whose samples have masks, with a count of their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.dataset import BaseDataset, LabelCounts, count_labels, spread

from .transforms.loading import LoadAnnotations


class MaskedDataset(BaseDataset):
    """A dataset whose samples have `gt_seg_map`, or `seg_map_path` with a pipeline that reads it.

    Attributes:
        ignore_index: The label of pixels that don't count.
    """

    ignore_index = 255

    def count_labels(self, most: int) -> LabelCounts:
        """Count the pixels of each class, as the pipeline reads the masks.

        Args:
            most: How many masks are read.
        """
        loading = self._loading()
        if loading is None and "gt_seg_map" not in self.get_data_info(0):
            return LabelCounts(len(self), 0)
        found = count_labels(lambda index: self._labels_of(index, loading), len(self), most)
        ignored = found.counts.get(self.ignore_index, 0)
        if not ignored:
            return found
        share = 100 * ignored / sum(found.counts.values())
        hint = f"{share:.1f} % of the pixels have the label {self.ignore_index}, which is ignored"
        if isinstance(loading, LoadAnnotations):
            hint += f"; LoadAnnotations(label_map={{{self.ignore_index}: 1}}) makes it a class"
        return replace(found, hint=hint)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the classes that are in the mask of a sample.

        Args:
            idx: The index.
        """
        found = self._labels_of(idx, self._loading())
        return [label for label in found if label != self.ignore_index]

    def labels_key(self, most: int) -> str | None:
        """Return a text that changes with the masks that `count_labels` reads, and their labels.

        Args:
            most: As in `count_labels`.

        Returns:
            None if the masks are in memory.
        """
        loading = self._loading()
        if loading is None:
            return None
        table = self.get_data_info(0).get("label_table")
        own = (len(self), loading.labels_key, None if table is None else table.key)
        digest = hashlib.sha256(repr(own).encode())
        for index in spread(len(self), most):
            info = self.get_data_info(index)
            path = info.get("seg_map_path")
            if path is None:
                return None
            digest.update(repr((path, _state_of(path), info.get("window"))).encode())
        return digest.hexdigest()

    def _loading(self) -> Any:
        """Return the transform that reads masks, which says how by `labels_key`, or None."""
        steps = self.pipeline.transforms
        return next((each for each in steps if getattr(each, "labels_key", None)), None)

    def _labels_of(self, index: int, loading: Any) -> Mapping[int, int]:
        info: dict[str, Any] = self.get_data_info(index)
        if loading is not None:
            info = loading(info)
        labels, counts = np.unique(info["gt_seg_map"], return_counts=True)
        return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def _state_of(path: str) -> tuple[int, int] | None:
    """Return what shows that a local file was written to; None of a file elsewhere."""
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
