"""The last sample of a process, which may be one that was repeated."""

from __future__ import annotations

from typing import Generic, TypeVar

from engine.dist import get_data_info

T = TypeVar("T")


class LastSample(Generic[T]):
    """Keeps what came of the last sample of this process until it is known whether it counts.

    A sampler repeats samples so that each process gets as many. Process r of n has the samples r,
    r + n, ..., hence only its last one may be a repeated one, and whether it is follows from the
    number of samples of the dataset, which is told at the end.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._kept: list[T] = []

    def replace(self, count: int, last: T) -> list[T]:
        """Keep another one, and return the former, which counts.

        Args:
            count: How many samples have come with it.
            last: What came of the last of them.
        """
        self._seen += count
        former, self._kept = self._kept, [last]
        return former

    def take(self, size: int, metric: str) -> list[T]:
        """Return what was kept if it counts, and begin anew.

        Args:
            size: The number of samples of the dataset.
            metric: The name of the metric, for the error.

        Raises:
            ValueError: If more were repeated than one for each process.
        """
        rank, world_size = get_data_info()
        index = (self._seen - 1) * world_size + rank
        kept = self._kept
        self._seen, self._kept = 0, []
        if kept and index - world_size >= size:
            raise ValueError(
                f"{metric} can leave one repeated sample of a process out, and here are more"
            )
        return kept if index < size else []
