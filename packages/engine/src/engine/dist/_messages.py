"""Messages: objects as bytes, of which nothing is ever executed.

A message is a pickle behind its size. It is written and read by the fast pickler of Python, and
names nothing but what is needed for tensors and plain data: anything else is refused, by the one
who writes as by the one who reads.
"""

from __future__ import annotations

import io
import pickle
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

_SIZE = 8
"""The bytes of the size of a message, which it begins with."""


def pack(data: Any) -> Tensor:
    """Return data as a message, bytes in main memory.

    Args:
        data: Tensors, numbers, strings, bytes, None, data types, devices, and lists, tuples, sets
            and dictionaries of those.

    Raises:
        TypeError: If there is anything else in it.
    """
    stream = io.BytesIO()
    stream.write(bytes(_SIZE))
    _Writer(stream, protocol=5).dump(data)
    message = stream.getbuffer()
    message[:_SIZE] = len(message).to_bytes(_SIZE, "little")
    return torch.frombuffer(message, dtype=torch.uint8)


def size_of(head: Tensor) -> int:
    """Return how many bytes a message has.

    Args:
        head: Its first bytes.
    """
    return int.from_bytes(head[:_SIZE].numpy().tobytes(), "little")


def unpack(message: Tensor) -> Any:
    """Return the data of a message.

    Args:
        message: The message; bytes behind it don't matter.

    Raises:
        UnpicklingError: If it names anything that data are not made of.
    """
    return _Reader(io.BytesIO(message[_SIZE:].numpy().data)).load()


class _MakeTensor:
    """Makes a tensor of its bytes.

    It is no function, which has attributes that a message could set.
    """

    __slots__ = ()

    def __call__(self, dtype: torch.dtype, shape: Sequence[int], content: bytearray) -> Tensor:
        if not content:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(content, dtype=dtype).view(shape)


_make_tensor = _MakeTensor()
_TENSORS = (Tensor, Parameter)
_PLAIN = (Counter, OrderedDict, complex, torch.Size, torch.device, torch.dtype)
_NAMES: dict[tuple[str, str], Any] = {
    (__name__, "_make_tensor"): _make_tensor,
    **{(each.__module__, each.__qualname__): each for each in _PLAIN if each is not torch.dtype},
    **{("torch", name): each for name, each in vars(torch).items() if type(each) is torch.dtype},
}


class _Writer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Say how a value is written that is none of the types that every pickle has."""
        kind = type(value)
        if kind in _TENSORS and _is_dense(value):
            plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
            content = pickle.PickleBuffer(plain.view(-1).view(torch.uint8).numpy())
            return _make_tensor, (value.dtype, tuple(value.shape), content)
        if kind is _MakeTensor:
            return "_make_tensor"
        if kind in _PLAIN or any(value is each for each in _PLAIN):
            return NotImplemented
        raise TypeError(
            f"processes exchange tensors and plain data, and here is {_name_of(value)}: "
            "convert it to tensors, numbers, strings, lists or dictionaries first"
        )


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what a message may name."""
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"a message names {module}.{name}") from None


def _is_dense(tensor: Tensor) -> bool:
    is_strided: bool = tensor.layout is torch.strided
    return is_strided and not (tensor.is_quantized or tensor.is_meta)


def _name_of(value: Any) -> str:
    if type(value) in _TENSORS:
        kind = value.dtype if value.is_quantized else value.layout
        return f"a tensor of {value.device.type if value.is_meta else kind}"
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"
