"""Datasets of image and mask folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.dataset import (
    as_suffixes,
    count_suffixes,
    split_suffix,
    warn_of_unused,
)
from engine.fileio import join_path, list_dir_or_file, list_from_file
from engine.utils import same_value
from mmbeta.registry import DATASETS

from .label_counts import MaskedDataset
from .labels import LabelTable, chosen_classes


@DATASETS.register_module()
class BaseSegDataset(MaskedDataset):
    """Images in one folder and masks in another, with the same names but for their suffixes.

        data_root/images/train/a.jpg
        data_root/masks/train/a.png

    A sample has `img_path`, `seg_map_path` where there are masks, and `label_table`, which
    `LoadAnnotations` applies. Folders may be local or behind a URL, and have folders within. A
    warning counts the files that are not used.

    Args:
        ann_file: A file with the names of the images to take, with or without suffix, one on each
            line; none means all that are in the folder.
        img_suffix: How the names of images end, one suffix or several, in small or capital letters.
        seg_map_suffix: How the names of masks end, likewise.
        metainfo: `classes`, the names of the classes, and if wanted a `palette` with the color of
            each, by which masks in RGB are read too. Where the class of the dataset knows its
            classes, they may be some of those, in any order; the pixels of others are ignored.
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
        ValueError: If no classes are named, or no image is found, or images have no mask or one
            together.
    """

    def __init__(
        self,
        ann_file: str = "",
        img_suffix: str | Sequence[str] = (".jpg", ".jpeg"),
        seg_map_suffix: str | Sequence[str] = ".png",
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
        self.img_suffix: tuple[str, ...] = as_suffixes(img_suffix, "img_suffix")
        self.seg_map_suffix: tuple[str, ...] = as_suffixes(seg_map_suffix, "seg_map_suffix")
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
        self.ignore_index = ignore_index
        self.label_table: LabelTable = self._label_table(ignore_index, reduce_zero_label)
        if not lazy_init:
            self.full_init()

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find the images, and the mask of each."""
        images, masks = self.data_prefix["img_path"], self.data_prefix.get("seg_map_path")
        found = self._images(images, is_shared=images == masks)
        chosen = self._listed(found, images) if self.ann_file else found
        if masks is None:
            return [{"img_path": join_path(images, name)} for _, name in chosen]
        there_are = self._masks(masks, [stem for stem, _ in found])
        if missing := [name for stem, name in chosen if stem not in there_are]:
            stem = next(stem for stem, name in chosen if name == missing[0])
            wanted = " or ".join(join_path(masks, stem + each) for each in self.seg_map_suffix)
            raise ValueError(
                f"{len(missing)} of {len(chosen)} images in {images} have no mask: {missing[0]} "
                f"wants {wanted}"
            )
        return [
            {
                "img_path": join_path(images, name),
                "seg_map_path": join_path(masks, there_are[stem]),
            }
            for stem, name in chosen
        ]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the dictionary of a sample.

        Args:
            idx: The index; a negative one counts from the end.
        """
        return {**super().get_data_info(idx), "label_table": self.label_table}

    def _images(self, folder: str, is_shared: bool) -> list[tuple[str, str]]:
        """Return the images in a folder, each without suffix and with it.

        Args:
            folder: The folder.
            is_shared: Whether the masks are in it as well.
        """
        files = [*list_dir_or_file(folder, list_dir=False, recursive=True)]
        found, unused = [], []
        for name in files:
            parts = split_suffix(name, self.img_suffix)
            mask = split_suffix(name, self.seg_map_suffix) if is_shared else None
            if mask is not None and (parts is None or len(mask[1]) > len(parts[1])):
                continue  # its suffix says more: a_mask.png beside a.png
            if parts is None:
                unused.append(name)
            else:
                found.append((parts[0], name))
        suffixes = " or ".join(f"*{suffix}" for suffix in self.img_suffix)
        if not found:
            there = count_suffixes(files) or "no file"
            raise ValueError(f"there is no image {suffixes} in {folder}; it has {there}")
        warn_of_unused(folder, unused, len(files), f"img_suffix is {suffixes}")
        return found

    def _listed(self, found: Iterable[tuple[str, str]], folder: str) -> list[tuple[str, str]]:
        """Return those of the images that `ann_file` names."""
        names = [line.strip() for line in list_from_file(self.ann_file) if line.strip()]
        if not names:
            raise ValueError(f"{self.ann_file} names no image; expected one name on each line")
        by_name = {key: each for each in found for key in each}
        if unknown := [name for name in names if name not in by_name]:
            suffixes = " or ".join(f"*{suffix}" for suffix in self.img_suffix)
            raise FileNotFoundError(
                f"{len(unknown)} of the {len(names)} images that {self.ann_file} names are not in "
                f"{folder}: {unknown[0]} for one; images end in {suffixes}"
            )
        return [by_name[name] for name in names]

    def _masks(self, folder: str, stems: Sequence[str]) -> dict[str, str]:
        """Return the masks in a folder by their names without suffix.

        Args:
            folder: The folder.
            stems: The names of the images without suffix.
        """
        found: dict[str, str] = {}
        files = [*list_dir_or_file(folder, list_dir=False, recursive=True)]
        for name in files:
            if parts := split_suffix(name, self.seg_map_suffix):
                if parts[0] in found:
                    raise ValueError(
                        f"{folder} has two masks for one image: {found[parts[0]]} and {name}"
                    )
                found[parts[0]] = name
        seen: set[str] = set()
        for stem in stems:
            if stem in seen and stem in found:
                raise ValueError(
                    f"{folder} has one mask for several images: {found[stem]}; give the images "
                    "different names"
                )
            seen.add(stem)
        alone = [name for stem, name in found.items() if stem not in seen]
        warn_of_unused(folder, alone, len(files), "there is no image of that name")
        return found

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
            colors = None if reduce_zero_label else self._metainfo.get("palette")
            return LabelTable(len(classes), ignore_index, reduce_zero_label, palette=colors)
        chosen = chosen_classes(self.METAINFO, self._metainfo, type(self).__name__)
        palette = self.METAINFO.get("palette")
        colors = None if reduce_zero_label else palette
        if palette is not None and same_value(self._metainfo.get("palette"), palette):
            self._metainfo["palette"] = [palette[index] for index in chosen]
        return LabelTable(len(known), ignore_index, reduce_zero_label, chosen, colors)
