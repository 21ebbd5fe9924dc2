"""Images in one folder per class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from engine.dataset import (
    IMAGE_SUFFIXES,
    as_suffixes,
    classes_for,
    split_suffix,
    warn_of_unused,
)
from engine.fileio import join_path, list_dir_or_file
from engine.utils import did_you_mean
from mmalpha.registry import DATASETS

from .class_names import checked_classes
from .labeled import LabeledDataset


@DATASETS.register_module()
class ImageFolder(LabeledDataset):
    """Images whose class is the folder that they are in.

        data/train/cat/1.jpg
        data/train/dog/tom/2.png

    A sample has `img_path` and `gt_label`; `LoadImageFromFile` begins the pipeline. The folder may
    be at a URL that fsspec knows. A warning counts the files that are no images.

    Args:
        data_root: The folder of the dataset.
        split: The folder in it with those of the classes; empty means itself.
        suffixes: How the names of images end, in small or capital letters.
        pipeline: As in `BaseDataset`.
        metainfo: As in `BaseDataset`. Its `classes` are the names of the classes in the order of
            their labels; without them they are those of the folders in alphabetical order, and in
            a validation or test those of the training data.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If there is no such folder, or one of the classes of `metainfo` has none.
        ValueError: If a folder belongs to no class, or there are no images.
    """

    def __init__(
        self,
        data_root: str,
        split: str = "",
        suffixes: str | Sequence[str] = IMAGE_SUFFIXES,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        metainfo: Mapping[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        self.folder: str = join_path(data_root, split) if split else data_root
        self.suffixes: tuple[str, ...] = as_suffixes(suffixes, "suffixes of ImageFolder")
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
            files = list(list_dir_or_file(self.folder, list_dir=False, recursive=True))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(f"there is no folder {self.folder}") from error
        given = self._metainfo.get("classes")
        if given is None:
            classes: Sequence[str] = classes_for(folders, self.folder)
        else:
            classes = checked_classes(given, self.folder)
            self._check_folders(folders, classes)
        self._metainfo["classes"] = classes
        labels = {name: label for label, name in enumerate(classes)}
        found, unused = [], []
        for path in files:
            name, below, _ = path.partition("/")
            if below and split_suffix(path, self.suffixes):
                info = {"img_path": join_path(self.folder, path), "gt_label": labels[name]}
                found.append(info)
            else:
                unused.append(path)
        found.sort(key=itemgetter("gt_label"))  # stable: in alphabetical order within a class
        if not found:
            raise ValueError(
                f"there are no images in {self.folder}: expected files that end in "
                f"{', '.join(sorted(self.suffixes))}, in a folder for each class"
            )
        reason = f"images are in a folder for each class, and end in {', '.join(self.suffixes)}"
        warn_of_unused(self.folder, unused, len(files), reason)
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
