"""Names that MMEngine has in `runner.loops`, which the loops of the engine need no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader

from engine.dataset import set_epoch


class _InfiniteDataloaderIterator(Iterator[Any]):
    """The batches of a data loader without an end: it is read anew each time that it ends.

    Each time the sampler, or that of the batch sampler, is told the number of the pass.

    Args:
        dataloader: The data loader.

    Raises:
        ValueError: If it has no batch.
    """

    def __init__(self, dataloader: DataLoader[Any]) -> None:
        self._dataloader = dataloader
        self._iterator = iter(dataloader)
        self._epoch = 0

    def __next__(self) -> Any:
        for batch in self._iterator:
            return batch
        self._epoch += 1
        loader = self._dataloader
        set_epoch(self._epoch, loader.sampler, getattr(loader.batch_sampler, "sampler", None))
        self._iterator = iter(loader)
        for batch in self._iterator:
            return batch
        raise ValueError("the data loader has no batch")
