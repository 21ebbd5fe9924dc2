"""Batches of worker processes in shared memory."""

from __future__ import annotations

import io
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

_ALIGNED = 64  # bytes


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
