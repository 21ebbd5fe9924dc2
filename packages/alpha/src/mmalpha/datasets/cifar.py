"""The CIFAR datasets in their published Python files."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from engine.fileio import exists, get, join_path, read_plain_pickle
from mmalpha.registry import DATASETS

from .in_memory import InMemoryDataset

_SHAPE = (3, 32, 32)


@DATASETS.register_module()
class CIFAR10(InMemoryDataset):
    """Photographs of 10 classes: 50,000 for training and 10,000 for the test, 32×32 pixels.

    A sample has `img`, an RGB tensor `(3, 32, 32)` of uint8, and `gt_label`. The files are pickles,
    from which only plain data and byte arrays are read; nothing in them is executed.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009. The archive is
    at https://www.cs.toronto.edu/~kriz/cifar.html ("python version").

    Args:
        data_root: The folder with the archive `cifar-10-python.tar.gz`, or with the folder
            `cifar-10-batches-py` that is in it.
        split: `'train'` or `'test'`.
        verify: Whether the files must have the published MD5 sums.
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If neither is there.
        ValueError: If there is no such split, or a file is not what it should be.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        "classes": (
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        )
    }

    archive = "cifar-10-python.tar.gz"
    folder = "cifar-10-batches-py"
    files: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "train": {
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        },
        "test": {"test_batch": "40351d587109b95175f43aff81a1287e"},
    }
    """The files of each split, and their MD5 sums."""
    label_key = b"labels"

    def __init__(
        self,
        data_root: str,
        split: Literal["train", "test"],
        verify: bool = True,
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in self.files:
            raise ValueError(f"split of {type(self).__name__} is 'train' or 'test'; got {split!r}")
        self.split = split
        self.verify = verify
        super().__init__(data_root, pipeline, indices, test_mode)

    def load_images(self) -> tuple[Tensor, list[dict[str, Any]]]:
        """Read the files of the split."""
        contents = self._contents()
        images, labels = [], []
        for name in self.files[self.split]:
            where = join_path(self.data_root, self.folder, name)
            if self.verify:
                self._check_sum(where, name, contents[name])
            try:
                content = read_plain_pickle(contents[name], encoding="bytes")
            except ValueError as error:
                raise ValueError(f"{where} can't be read: {error}") from error
            pixels, classes = self._split_up(content, where)
            images.append(pixels)
            labels += classes
        return torch.cat(images), [{"gt_label": label} for label in labels]

    def _contents(self) -> Mapping[str, bytes]:
        """Return the files of the split, from their folder or else from the archive."""
        folder, archive = (join_path(self.data_root, each) for each in (self.folder, self.archive))
        names = self.files[self.split]
        if exists(folder):
            return {name: get(join_path(folder, name)) for name in names}
        if not exists(archive):
            raise FileNotFoundError(
                f"{archive} is missing, and so is the folder {self.folder} that is in it; see "
                "https://www.cs.toronto.edu/~kriz/cifar.html"
            )
        found: dict[str, bytes] = {}
        try:
            with tarfile.open(fileobj=BytesIO(get(archive)), mode="r:gz") as tar:
                for name in names:
                    member = tar.extractfile(f"{self.folder}/{name}")
                    assert member is not None
                    found[name] = member.read()
        except KeyError as error:
            raise FileNotFoundError(f"{archive}: {error.args[0]}") from error
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ValueError(f"{archive} is damaged: {error}") from error
        return found

    def _check_sum(self, where: str, name: str, content: bytes) -> None:
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        expected = self.files[self.split][name]
        if found != expected:
            raise ValueError(
                f"{where} has the MD5 sum {found}; that of the published file is {expected}. With "
                "verify=False it is read all the same"
            )

    def _split_up(self, content: Any, where: str) -> tuple[Tensor, list[int]]:
        data = content.get(b"data") if isinstance(content, dict) else None
        labels = content.get(self.label_key) if isinstance(content, dict) else None
        if not isinstance(data, np.ndarray) or not isinstance(labels, list):
            raise ValueError(
                f"{where} is no file of {type(self).__name__}: expected a dictionary with the "
                f"array 'data' and the list {self.label_key.decode()!r}"
            )
        if data.shape != (len(labels), np.prod(_SHAPE)):
            raise ValueError(
                f"{where} has {len(labels)} labels and data of shape {data.shape}; expected "
                f"({len(labels)}, {np.prod(_SHAPE)})"
            )
        count = len(self.METAINFO["classes"])
        if not all(isinstance(label, int) and 0 <= label < count for label in labels):
            raise ValueError(f"{where} has labels that are not from 0 to {count - 1}")
        return torch.from_numpy(data.copy()).reshape(-1, *_SHAPE), labels


_CIFAR100_CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach
    couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster
    house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket
    rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
    sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip
    turtle wardrobe whale willow_tree wolf woman worm
"""


@DATASETS.register_module()
class CIFAR100(CIFAR10):
    """Photographs of 100 classes in the format of CIFAR-10, with its arguments and source.

    The archive is `cifar-100-python.tar.gz`, the folder in it `cifar-100-python`. The labels are
    the fine ones.
    """

    METAINFO: ClassVar[dict[str, Any]] = {"classes": tuple(_CIFAR100_CLASSES.split())}

    archive = "cifar-100-python.tar.gz"
    folder = "cifar-100-python"
    files: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "train": {"train": "16019d7e3df5f24257cddd939b257f8d"},
        "test": {"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    }
    label_key = b"fine_labels"
