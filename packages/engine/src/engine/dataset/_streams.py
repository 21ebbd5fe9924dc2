"""Streams of samples that several processes and workers share."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info

from engine.dist import get_data_info
from engine.registry import DATASETS
from engine.utils import check_types

from ._samplers import set_epoch


@DATASETS.register_module()
class ShardedStream(IterableDataset[Any]):
    """The share that one of several processes, or one of its workers, has of a stream.

    Each sample is in one share. Of n shares, the first has the samples 0, n, 2n, ... of the stream,
    which each reads whole. A stream that has an attribute `shards`, a list of the files that it
    reads one after the other, for example, is given shards 0, n, 2n, ... of the list instead, and
    reads no others.

    A share goes on in the middle of a pass by reading over what was taken, so that it gives the
    same samples where the stream does. With several workers the loader has to be `stateful`.

    Args:
        dataset: An iterable dataset, or its config. It is told the number of each pass if it has
            `set_epoch`.

    Raises:
        TypeError: If the dataset is none.
    """

    @check_types
    def __init__(self, dataset: IterableDataset[Any] | Mapping[str, Any]) -> None:
        built = dataset
        if isinstance(dataset, Mapping):
            built = DATASETS.of_library(self).build(dataset)
        if not isinstance(built, IterableDataset):
            raise TypeError(
                f"ShardedStream: dataset must be an IterableDataset; got {type(built).__name__}, "
                "which is read by index and takes a sampler, such as a DefaultSampler"
            )
        self.dataset: IterableDataset[Any] = built
        # A worker that does not come from a fork knows nothing of the other processes.
        self.rank: int
        self.world_size: int
        self.rank, self.world_size = get_data_info()
        self._start = self._taken = 0

    def set_epoch(self, epoch: int) -> None:
        """Tell the stream the number of the pass.

        Args:
            epoch: The number.
        """
        set_epoch(epoch, self.dataset)

    def __iter__(self) -> Iterator[Any]:
        """Read the share, from its start or where `load_state_dict` says."""
        worker = get_worker_info()
        workers, number = (1, 0) if worker is None else (worker.num_workers, worker.id)
        part, parts = self.rank * workers + number, self.world_size * workers
        stream: Any = self.dataset
        if hasattr(stream, "shards"):
            stream = copy.copy(stream)
            stream.shards = stream.shards[part::parts]
            part, parts = 0, 1
        self._taken, self._start = self._start, 0
        for sample in islice(stream, part + self._taken * parts, None, parts):
            self._taken += 1
            yield sample

    def state_dict(self) -> dict[str, int]:
        """Return how many samples of the share were taken."""
        return {"taken": self._taken}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Let the next iteration go on where `state_dict` was called.

        Args:
            state_dict: What it returned.
        """
        self._start = state_dict["taken"]
