"""Datasets that fit into one tensor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from .labeled import LabeledDataset


class InMemoryDataset(LabeledDataset):
    """A dataset whose images are one tensor, which worker processes share.

    A sample has `img`, a tensor `(C, H, W)` of uint8, and the facts from `load_images`.

    Args:
        data_root: The folder of the files, where there are any.
        pipeline: As in `BaseDataset`.
        indices: As in `BaseDataset`.
        test_mode: As in `BaseDataset`.
    """

    _images: Tensor

    def __init__(
        self,
        data_root: str = "",
        pipeline: Sequence[Mapping[str, Any] | Callable[[Any], Any]] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        super().__init__(
            data_root=data_root, pipeline=pipeline, indices=indices, test_mode=test_mode
        )

    @abstractmethod
    def load_images(self) -> tuple[Tensor, list[dict[str, Any]]]:
        """Read the dataset; a subclass writes it.

        Returns:
            The images, `(N, C, H, W)` of uint8, and for each of them what else a sample has.
        """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the dataset, and number its images."""
        self._images, infos = self.load_images()
        return [{**info, "row": row} for row, info in enumerate(infos)]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the dictionary of a sample, its image included.

        Args:
            idx: The index; a negative one counts from the end.
        """
        info = super().get_data_info(idx)
        info["img"] = self._images[info.pop("row")].clone()
        return info
