"""MNIST and the datasets with the same file format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmalpha.registry import DATASETS

from .idx import read_idx
from .in_memory import InMemoryDataset

_PREFIX = {"train": "train", "test": "t10k"}


@DATASETS.register_module()
class MNIST(InMemoryDataset):
    """Handwritten digits: 60,000 scans for training and 10,000 for the test, 28×28 gray pixels.

    A sample has `img`, a tensor `(1, 28, 28)` of uint8, and `gt_label`.

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998.

    Args:
        data_root: The folder with the files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
            `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, gzipped (`.gz`) or not.
        split: `'train'` or `'test'`.
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there is no such split, or a file is not what it should be.
    """

    METAINFO: ClassVar[dict[str, Any]] = {"classes": tuple("0123456789")}

    def __init__(
        self,
        data_root: str,
        split: Literal["train", "test"],
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in _PREFIX:
            raise ValueError(f"split of {type(self).__name__} is 'train' or 'test'; got {split!r}")
        self.split = split
        super().__init__(
            data_root=data_root, pipeline=pipeline, indices=indices, test_mode=test_mode
        )

    def load_images(self) -> tuple[Tensor, list[dict[str, Any]]]:
        """Read the two files of the split."""
        prefix = _PREFIX[self.split]
        images = read_idx(self.data_root, f"{prefix}-images-idx3-ubyte", 3)
        labels = read_idx(self.data_root, f"{prefix}-labels-idx1-ubyte", 1)
        self._check(images, labels)
        infos = [{"gt_label": label} for label in labels.tolist()]
        return torch.from_numpy(images.copy()).unsqueeze(1), infos

    def _check(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> None:
        where = f"{self.data_root}: the {self.split} files of {type(self).__name__}"
        if len(images) != len(labels):
            raise ValueError(
                f"{where} don't belong together: {len(images)} images, {len(labels)} labels; "
                "expected as many of each"
            )
        count = len(self.METAINFO["classes"])
        if labels.size and labels.max() >= count:
            raise ValueError(
                f"{where} have the label {labels.max()}; expected labels from 0 to {count - 1}"
            )


@DATASETS.register_module()
class FashionMNIST(MNIST):
    """Articles of clothing in the format of MNIST, and with its arguments.

    Source: Xiao et al., Fashion-MNIST, 2017, https://arxiv.org/abs/1708.07747. Debian's package
    `dataset-fashion-mnist` installs the files.
    """

    METAINFO: ClassVar[dict[str, Any]] = {
        "classes": (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        )
    }
