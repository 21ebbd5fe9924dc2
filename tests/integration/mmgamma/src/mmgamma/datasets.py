"""Images with the number of things in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.structures import BaseDataElement
from mmgamma.registry import DATASETS


@DATASETS.register_module()
class Counted:
    """The images of another dataset, and how many of its `key` each has.

    Args:
        images: The config of a dataset whose samples have an `img`.
        key: What is counted: the name of a list in its samples.
    """

    def __init__(self, images: Mapping[str, Any], key: str) -> None:
        self.images = DATASETS.build(images)
        self.key = key
        self.metainfo = self.images.metainfo

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = self.images[index]
        counted = BaseDataElement(metainfo=dict(count=len(sample[self.key])))
        return {"inputs": sample["img"], "data_samples": counted}
