"""Datasets of image and mask folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from engine.dataset import BaseDataset
from engine.fileio import join_path, list_dir_or_file, list_from_file
from engine.utils import same_value
from mmbeta.registry import DATASETS

from .labels import LabelTable, chosen_classes


@DATASETS.register_module()
class BaseSegDataset(BaseDataset):
    """Images in one folder and masks in another, with the same names but for their suffixes.

        data_root/images/train/a.jpg
        data_root/masks/train/a.png

    A sample has `img_path`, `seg_map_path` where there are masks, and `label_table`, which
    `LoadAnnotations` applies. Folders may be local or behind a URL, and have folders within.

    Args:
        ann_file: A file with the names of the images to take, without suffix, one on each line;
            none means all that are in the folder.
        img_suffix: How the names of images end.
        seg_map_suffix: How the names of masks end.
        metainfo: `classes`, the names of the classes, and if wanted a `palette` with the color of
            each. Where the class of the dataset knows its classes, they may be some of those, in
            any order; the pixels of others are ignored.
        data_root: As in `BaseDataset`.
        data_prefix: The folders of the images (`img_path`) and masks (`seg_map_path`); without the
            latter, there are no masks. None means `data_root` itself for both.
        indices: As in `BaseDataset`.
        serialize_data: As in `BaseDataset`.
        pipeline: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.
        lazy_init: As in `BaseDataset`.
        max_refetch: As in `BaseDataset`.
        ignore_index: The label of pixels that don't count.
        reduce_zero_label: Whether the label 0 of the files stands for such pixels too, and 1 for
            the first class.

    Raises:
        FileNotFoundError: If a folder or `ann_file` is missing.
        ValueError: If no classes are named, or no image is found, or images have no mask.
    """

    def __init__(
        self,
        ann_file: str = "",
        img_suffix: str = ".jpg",
        seg_map_suffix: str = ".png",
        metainfo: Mapping[str, Any] | None = None,
        data_root: str = "",
        data_prefix: Mapping[str, str] | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
        ignore_index: int = 255,
        reduce_zero_label: bool = False,
    ) -> None:
        self.img_suffix = img_suffix
        self.seg_map_suffix = seg_map_suffix
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={"img_path": "", "seg_map_path": ""}
            if data_prefix is None
            else data_prefix,
            indices=indices,
            serialize_data=serialize_data,
            pipeline=pipeline,
            test_mode=test_mode,
            lazy_init=True,
            max_refetch=max_refetch,
        )
        self.label_table = self._label_table(ignore_index, reduce_zero_label)
        if not lazy_init:
            self.full_init()

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find the images, and the mask of each."""
        images, masks = self.data_prefix["img_path"], self.data_prefix.get("seg_map_path")
        names = self._stems_from_list() if self.ann_file else self._stems_from_folder(images, masks)
        return [
            {"img_path": join_path(images, name + self.img_suffix)}
            | ({} if masks is None else {"seg_map_path": self._mask_of(masks, name)})
            for name in names
        ]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the dictionary of a sample.

        Args:
            idx: The index; a negative one counts from the end.
        """
        return {**super().get_data_info(idx), "label_table": self.label_table}

    def _stems_from_list(self) -> list[str]:
        lines = [line.strip() for line in list_from_file(self.ann_file)]
        if names := [line for line in lines if line]:
            return names
        raise ValueError(f"{self.ann_file} names no image; expected one name on each line")

    def _stems_from_folder(self, images: str, masks: str | None) -> list[str]:
        """Return the names of the images in a folder, none of them without a mask."""
        files = [*list_dir_or_file(images, list_dir=False, recursive=True)]
        names = [name.removesuffix(self.img_suffix) for name in files if self._is_image(name)]
        if not names:
            suffixes = Counter(PurePosixPath(name).suffix for name in files)
            there = ", ".join(
                f"{count} files {suffix}" for suffix, count in suffixes.most_common(3)
            )
            raise ValueError(
                f"there is no image *{self.img_suffix} in {images}; it has {there or 'no file'}"
            )
        if masks is None:
            return names
        there_are = {
            name.removesuffix(self.seg_map_suffix)
            for name in list_dir_or_file(masks, False, True, self.seg_map_suffix, recursive=True)
        }
        if missing := [name for name in names if name not in there_are]:
            raise ValueError(
                f"{len(missing)} of {len(names)} images in {images} have no mask: "
                f"{missing[0]}{self.img_suffix} wants {self._mask_of(masks, missing[0])}"
            )
        return names

    def _is_image(self, name: str) -> bool:
        return name.endswith(self.img_suffix)

    def _mask_of(self, masks: str, name: str) -> str:
        return join_path(masks, name + self.seg_map_suffix)

    def _label_table(self, ignore_index: int, reduce_zero_label: bool) -> LabelTable:
        classes = self._metainfo.get("classes")
        if not classes or isinstance(classes, str):
            raise ValueError(
                f"{type(self).__name__} needs the names of the classes, "
                f"metainfo=dict(classes=['sky', 'road']) for example; got {classes!r}"
            )
        names = [str(name) for name in classes]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(
                f"the classes of {type(self).__name__} have one name twice: {twice[0]!r}"
            )
        if names != list(classes):  # numbers, for example
            classes = self._metainfo["classes"] = tuple(names)
        known = self.METAINFO.get("classes")
        if known is None or tuple(known) == tuple(classes):
            return LabelTable(len(classes), ignore_index, reduce_zero_label)
        chosen = chosen_classes(self.METAINFO, self._metainfo, type(self).__name__)
        palette = self.METAINFO.get("palette")
        if palette is not None and same_value(self._metainfo.get("palette"), palette):
            self._metainfo["palette"] = [palette[index] for index in chosen]
        return LabelTable(len(known), ignore_index, reduce_zero_label, chosen)
