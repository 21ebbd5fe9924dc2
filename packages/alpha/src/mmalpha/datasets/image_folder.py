"""Images in one folder per class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.dataset import BaseDataset
from engine.fileio import join_path, list_dir_or_file
from engine.utils import did_you_mean
from mmalpha.registry import DATASETS

from .class_names import checked_classes

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


@DATASETS.register_module()
class ImageFolder(BaseDataset):
    """Images whose class is the folder that they are in.

        data/train/cat/1.jpg
        data/train/dog/tom/2.png

    A sample has `img_path` and `gt_label`; `LoadImageFromFile` begins the pipeline. The folder may
    be at a URL that fsspec knows.

    Args:
        data_root: The folder of the dataset.
        split: The folder in it with those of the classes; empty means itself.
        suffixes: How the names of images end, in small letters.
        pipeline: As in `BaseDataset`.
        metainfo: As in `BaseDataset`. Its `classes` are the names of the classes in the order of
            their labels; without them they are those of the folders in alphabetical order.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If there is no such folder, or one of the classes has none.
        ValueError: If a folder belongs to no class, or there are no images.
    """

    def __init__(
        self,
        data_root: str,
        split: str = "",
        suffixes: Sequence[str] = SUFFIXES,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        self.folder = join_path(data_root, split) if split else data_root
        self.suffixes = tuple(suffixes)
        super().__init__(
            data_root=data_root,
            metainfo=metainfo,
            indices=indices,
            pipeline=pipeline,
            test_mode=test_mode,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images of each class."""
        try:
            folders = list(list_dir_or_file(self.folder, list_file=False))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(f"there is no folder {self.folder}") from error
        classes = checked_classes(self._metainfo.get("classes", tuple(folders)), self.folder)
        self._metainfo["classes"] = classes
        self._check_folders(folders, classes)
        found = [
            {"img_path": join_path(self.folder, name, path), "gt_label": label}
            for label, name in enumerate(classes)
            for path in list_dir_or_file(
                join_path(self.folder, name), list_dir=False, recursive=True
            )
            if path.lower().endswith(self.suffixes)
        ]
        if not found:
            raise ValueError(
                f"there are no images in {self.folder}: expected files that end in "
                f"{', '.join(self.suffixes)}, in a folder for each class"
            )
        return found

    def _check_folders(self, folders: Sequence[str], classes: Sequence[str]) -> None:
        missing = [name for name in classes if name not in folders]
        if missing:
            raise FileNotFoundError(
                f"{self.folder} has no folder for {', '.join(missing)}"
                f"{did_you_mean(missing[0], folders)}"
            )
        surplus = [name for name in folders if name not in classes]
        if surplus:
            raise ValueError(
                f"{self.folder} has folders that belong to no class: {', '.join(surplus)}; the "
                f"classes are {', '.join(classes)}"
            )
