"""Pascal VOC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mmbeta.registry import DATASETS

from .seg_dataset import BaseSegDataset


def voc_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return the colors of Pascal VOC: the bits of an index, three at a time, from high to low.

    Args:
        count: How many colors.
    """
    return tuple(
        (_channel(index), _channel(index >> 1), _channel(index >> 2)) for index in range(count)
    )


def _channel(index: int) -> int:
    return sum((index >> (3 * step) & 1) << (7 - step) for step in range(3))


_CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)


@DATASETS.register_module()
class PascalVOCDataset(BaseSegDataset):
    """The segmentation part of Pascal VOC, and datasets in its layout.

        data_root/JPEGImages/a.jpg
        data_root/SegmentationClass/a.png
        data_root/ImageSets/Segmentation/train.txt

    Source: Everingham et al., The Pascal Visual Object Classes Challenge, 2015.

    Args:
        data_root: The folder of a year, `VOCdevkit/VOC2012` for example.
        split: The file with the names of the images: `'train'`, `'val'` or `'trainval'`.
        metainfo: As in `BaseSegDataset`.
        indices: As in `BaseDataset`.
        pipeline: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If the file of the split is missing.
        ValueError: If it names no image.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        "classes": _CLASSES,
        "palette": voc_palette(len(_CLASSES)),
    }

    def __init__(
        self,
        data_root: str,
        split: str = "train",
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        test_mode: bool = False,
    ) -> None:
        self.split = split
        super().__init__(
            ann_file=f"ImageSets/Segmentation/{split}.txt",
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={"img_path": "JPEGImages", "seg_map_path": "SegmentationClass"},
            indices=indices,
            pipeline=pipeline,
            test_mode=test_mode,
        )
