"""Samplers that shard samples over processes.

An order follows from the seed and the number of the round alone: a sampler draws from a generator
of its own, never from a global one. So a run that is resumed can go on at any position without
drawing what was before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from itertools import count, islice

import torch
from torch.utils.data import Sampler

from engine.dist import get_data_info, sync_random_seed
from engine.registry import DATA_SAMPLERS
from engine.utils import check_types


def set_epoch(epoch: int, *samplers: object) -> None:
    """Tell samplers the number of an epoch, those that want to know it.

    Args:
        epoch: The number.
        *samplers: The samplers of a data loader; what is none, or needs no number, is passed over.
    """
    for sampler in samplers:
        tell = getattr(sampler, "set_epoch", None)
        if tell is not None:
            tell(epoch)


class _ShardedSampler(Sampler[int]):
    """What both samplers share: seeded orders, and a place to start from."""

    @check_types
    def __init__(self, dataset: Sized, shuffle: bool, seed: int | None) -> None:
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed: int = sync_random_seed() if seed is None else seed
        self.rank: int
        self.world_size: int
        self.rank, self.world_size = get_data_info()
        self._start = 0

    def start_at(self, position: int) -> None:
        """Make the next iteration, and only that one, start at a position of the shared order.

        Any number of processes can share what is left: process `r` of `n` gets the positions
        `position + r`, `position + r + n`, and so on.

        Args:
            position: How many samples to leave out, counted over all processes.

        Raises:
            ValueError: If the number is negative.
        """
        if position < 0:
            raise ValueError(f"the number of samples to skip can't be negative, got {position}")
        self._start = position

    def skip(self, n_samples: int) -> None:
        """Make the next iteration, and only that one, start at a later position.

        Args:
            n_samples: How many samples of this process to leave out.

        Raises:
            ValueError: If the number is negative.
        """
        self.start_at(n_samples * self.world_size)

    def _take_start(self) -> int:
        start, self._start = self._start, 0
        return start

    def _order(self, number: int) -> list[int]:
        """Return the order of all samples in a round."""
        size = len(self.dataset)
        if not self.shuffle:
            return list(range(size))
        generator = torch.Generator().manual_seed(self.seed + number)
        order: list[int] = torch.randperm(size, generator=generator).tolist()
        return order


@DATA_SAMPLERS.register_module()
class DefaultSampler(_ShardedSampler):
    """Draw each sample once per epoch.

    Process `r` of `n` gets the positions `r`, `r + n`, `r + 2n`, ... of the order.

    Args:
        dataset: The dataset; only its length is used.
        shuffle: Whether to draw in a random order, another one in each epoch.
        seed: The seed of the orders, the same in all processes; by default a random one.
        round_up: Whether to repeat the first samples, so that each process gets as many.
    """

    @check_types
    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        super().__init__(dataset, shuffle, seed)
        self.round_up = round_up
        self.epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration.

        Args:
            epoch: The number of the epoch.
        """
        self.epoch = epoch

    @property
    def num_samples(self) -> int:
        """The number of samples of this process in a whole epoch."""
        return self.left(0)

    @property
    def total_size(self) -> int:
        """The number of samples of all processes in an epoch, with those that are repeated."""
        return self.num_samples * self.world_size if self.round_up else len(self.dataset)

    def __len__(self) -> int:
        """Return the number of samples of this process in a whole epoch."""
        return self.num_samples

    def left(self, position: int) -> int:
        """Return the number of samples of this process from a position of the order on.

        Args:
            position: The position, as `start_at` takes it.
        """
        first = position if self.round_up else position + self.rank
        return math.ceil(max(0, len(self.dataset) - first) / self.world_size)

    def __iter__(self) -> Iterator[int]:
        """Draw the samples of an epoch."""
        start, order = self._take_start(), self._order(self.epoch)
        first = start + self.rank
        places = range(first, first + self.left(start) * self.world_size, self.world_size)
        # Rounded up, more processes than samples take the order more than once.
        return iter([order[place % len(order)] for place in places])


@DATA_SAMPLERS.register_module()
class InfiniteSampler(_ShardedSampler):
    """Draw samples without an end: one order of all samples after the other.

    All processes share one stream; process `r` of `n` gets its positions `r`, `r + n`, `r + 2n`,
    and so on.

    Args:
        dataset: The dataset; only its length is used.
        shuffle: Whether the orders are random.
        seed: The seed of the orders, the same in all processes; by default a random one.

    Raises:
        ValueError: If the dataset is empty.
    """

    @check_types
    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        if len(dataset) == 0:
            raise ValueError("an InfiniteSampler needs a dataset that is not empty")
        super().__init__(dataset, shuffle, seed)

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: a stream without an end has no epochs.

        Args:
            epoch: The number of the epoch.
        """

    @property
    def size(self) -> int:
        """The size of the dataset."""
        return len(self.dataset)

    def __len__(self) -> int:
        """Return the size of the dataset."""
        return self.size

    def left(self, position: int) -> int:
        """Return the size of the dataset: from any position on there is as much.

        Args:
            position: The position, as `start_at` takes it.
        """
        return len(self.dataset)

    def __iter__(self) -> Iterator[int]:
        """Draw samples, from the start of the stream or where `start_at` says."""
        start = self.rank + self._take_start()
        first_round, offset = divmod(start, len(self.dataset))
        return islice(self._stream(first_round), offset, None, self.world_size)

    def _stream(self, first_round: int) -> Iterator[int]:
        for number in count(first_round):
            yield from self._order(number)
