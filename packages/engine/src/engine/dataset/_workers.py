"""Worker processes of data loaders: their seeds, what they read, and batches in shared memory."""

from __future__ import annotations

import io
import pickle
import random
import signal
import warnings
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from engine.registry import FUNCTIONS

_ALIGNED = 64  # bytes


@FUNCTIONS.register_module()
def worker_init_fn(
    worker_id: int,
    num_workers: int,
    rank: int,
    seed: int,
    disable_subprocess_warning: bool = False,
) -> None:
    """Seed the generators of Python, NumPy and torch in a worker, differently in each one.

    Args:
        worker_id: The number of the worker.
        num_workers: The number of workers of each training process.
        rank: The number of the training process.
        seed: The seed of the run.
        disable_subprocess_warning: Whether only the first worker is to show warnings.
    """
    worker_seed = seed + num_workers * rank + worker_id
    random.seed(worker_seed)
    np.random.seed(worker_seed % 2**32)
    torch.manual_seed(worker_seed)
    if disable_subprocess_warning and worker_id != 0:
        warnings.simplefilter("ignore")


class Draw(NamedTuple):
    """What a worker is to load."""

    indices: Any
    entropy: tuple[int, ...] | None


class Reader(Dataset[Any]):
    """Reads the batches of a loader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.dataset: Any = loader.dataset
        self._collate: Callable[[Any], Any] = loader.collate_fn
        self._is_batched = loader.batch_sampler is not None

    def __getitem__(self, drawn: Draw) -> Any:
        indices, entropy = drawn
        if entropy is not None:
            _seed_generators(entropy)
        if not self._is_batched:
            return self._collate(self.dataset[indices])
        several = getattr(self.dataset, "__getitems__", None)
        return self._collate(
            several(indices) if several is not None else [self.dataset[i] for i in indices]
        )


# Signals that stop a run, which reach all of its processes and are for the one that saves.
_FOR_THE_RUN = {"SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP"}


class WorkerInit:
    """What a worker does first."""

    def __init__(self, given: Callable[[int], None] | None) -> None:
        self._given = given

    def __call__(self, worker_id: int) -> None:
        for name in _FOR_THE_RUN & set(signal.Signals.__members__):  # not all are on Windows
            signal.signal(signal.Signals[name], signal.SIG_IGN)
        info = get_worker_info()
        if info is not None and isinstance(info.dataset, Reader):
            object.__setattr__(info, "dataset", info.dataset.dataset)  # as the loader's own has it
        if self._given is not None:
            self._given(worker_id)


def _seed_generators(entropy: tuple[int, ...]) -> None:
    words = np.random.SeedSequence(entropy).generate_state(8)
    random.seed(words[:4].tobytes())
    np.random.seed(words[4:6])
    torch.default_generator.manual_seed(int.from_bytes(words[6:].tobytes()) >> 1)


class SharedBatch(NamedTuple):
    """A batch whose tensors and arrays lie in one piece of shared memory.

    A tensor that is sent by itself takes a file of shared memory, an open file on both sides and a
    message of its own, which for the image and the mask of a sample costs more than to make them.

    Attributes:
        content: The batch without the bytes of its tensors and arrays.
        memory: These bytes, `(B,)` of uint8.
        lengths: How many of them each one has.
    """

    content: bytes
    memory: Tensor
    lengths: tuple[int, ...]

    @classmethod
    def pack(cls, batch: Any) -> Self:
        """Pack a batch."""
        buffers: list[pickle.PickleBuffer] = []
        content = io.BytesIO()
        _Pickler(content, 5, True, buffers.append).dump(batch)
        parts = [buffer.raw() for buffer in buffers]
        lengths = tuple(part.nbytes for part in parts)
        memory = torch.empty(sum(map(_align, lengths)), dtype=torch.uint8).share_memory_()
        for part, place in zip(parts, _places(memory, lengths), strict=True):
            place[:] = part
        return cls(content.getvalue(), memory, lengths)

    def unpack(self) -> Any:
        """Return the batch; its tensors are views of the memory."""
        # A worker is this program too.
        places = _places(self.memory, self.lengths)
        return pickle.loads(self.content, buffers=places)  # noqa: S301

    def pin_memory(self) -> Self:
        """Return the batch in memory from which a GPU copies in the background."""
        return self._replace(memory=self.memory.pin_memory())


class _Pickler(ForkingPickler):
    """Sends tensors in main memory as arrays, and all else as between processes usual."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not Tensor or value.requires_grad or value.device.type != "cpu":
            return NotImplemented
        try:
            return torch.from_numpy, (value.contiguous().numpy(),)
        except TypeError:  # an array has no such type, bfloat16 for one
            return NotImplemented


def _places(memory: Tensor, lengths: tuple[int, ...]) -> list[memoryview]:
    """Return the part of the memory that each tensor takes."""
    view = memory.numpy().data
    ends = np.cumsum([_align(length) for length in lengths], dtype=np.int64).tolist()
    starts = [0, *ends]
    return [view[start : start + length] for start, length in zip(starts, lengths, strict=False)]


def _align(length: int) -> int:
    return -(-length // _ALIGNED) * _ALIGNED
