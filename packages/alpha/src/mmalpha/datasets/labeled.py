"""Base class of datasets whose samples have labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from engine.dataset import BaseDataset, LabelCounts, count_labels

_MOST = 100_000


class LabeledDataset(BaseDataset):
    """A dataset whose samples have `gt_label`, the number of a class, or `gt_score`.

    The latter has a zero or one for each class.
    """

    def count_labels(self, most: int) -> LabelCounts:
        """Count how many samples each class has.

        Args:
            most: Not used: the labels are in memory, so that 100,000 samples are looked at.
        """
        info = BaseDataset.get_data_info(self, 0)
        if not {"gt_label", "gt_score"} & info.keys():
            return LabelCounts(len(self), 0)
        classes = self.metainfo.get("classes")
        labels_of = partial(self._labels_of, len(classes) if classes else None)
        return count_labels(labels_of, len(self), _MOST)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the class of a sample, or its classes.

        Args:
            idx: The index.
        """
        info = BaseDataset.get_data_info(self, idx)  # without an image
        if "gt_score" in info:
            found: list[int] = np.flatnonzero(info["gt_score"]).tolist()
            return found
        if "gt_label" not in info:  # a subclass may add one to what is on record
            return super().get_cat_ids(idx)
        return [int(info["gt_label"])]

    def labels_key(self, most: int) -> str | None:
        """Return None: there is no file to read."""
        return None

    def _labels_of(self, count: int | None, index: int) -> Mapping[int, int]:
        labels = self.get_cat_ids(index)
        if count is not None and (wrong := [each for each in labels if not 0 <= each < count]):
            where = BaseDataset.get_data_info(self, index).get("img_path", f"sample {index}")
            raise ValueError(f"{where} has the label {wrong[0]}; the dataset has {count} classes")
        return dict.fromkeys(labels, 1)
