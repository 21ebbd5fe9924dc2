"""The annotations of many samples in one buffer.

A list of a million small dictionaries costs gigabytes, and again in each worker process, since
reading a Python object writes its reference count and so copies its page. One array of bytes is
shared by all processes, and a record is unpacked when it is read.

Records are packed with `marshal`, which knows plain data only, keeps tuples and keys as they are,
and runs nothing when it unpacks. The bytes never leave the process and its children.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes})

# A packed record starts with one of these bytes.
_PLAIN, _WITH_ARRAYS = b"\0", b"\1"

# What stands for an array in a packed record: no user data looks like it.
_ARRAY = "\0array"


class PackedRecords(Sequence[dict[str, Any]]):
    """A sequence of dictionaries of plain data, arrays and tensors, kept as bytes.

    Args:
        data: The packed records, one after the other, uint8 of shape (B,).
        ends: The end of each record in `data`, int64 of shape (N,).
    """

    def __init__(self, data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        self._data = data
        self._ends = ends

    @classmethod
    def pack(cls, records: Iterable[Mapping[str, Any]]) -> PackedRecords:
        """Pack dictionaries. NumPy scalars and subclasses of `dict` become Python's own.

        Args:
            records: The dictionaries.

        Raises:
            TypeError: If a record holds something else than plain data, arrays and tensors.
        """
        return cls._from_bytes([_packed(i, record) for i, record in enumerate(records)])

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        """Unpack a record."""
        packed = self._packed_record(range(len(self))[index])
        record = marshal.loads(packed[1:])
        return _restored(record) if packed[:1] == _WITH_ARRAYS else record

    def subset(self, indices: Iterable[int]) -> PackedRecords:
        """Return the records of these indices, as they are packed.

        Args:
            indices: Non-negative indices.
        """
        return self._from_bytes([bytes(self._packed_record(index)) for index in indices])

    @classmethod
    def _from_bytes(cls, parts: list[bytes]) -> PackedRecords:
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        return cls(np.frombuffer(b"".join(parts), dtype=np.uint8), ends)

    def _packed_record(self, index: int) -> memoryview:
        start = self._ends[index - 1] if index else 0
        return self._data.data[start : self._ends[index]]


def _packed(index: int, record: Mapping[str, Any]) -> bytes:
    found: list[str] = []
    try:
        body = marshal.dumps(_plain(record, found))
    except TypeError as error:
        raise TypeError(
            f"sample {index} can't be serialized: {error}. Keep plain data, arrays and tensors in "
            "the data list, or set serialize_data=False"
        ) from error
    return (_WITH_ARRAYS if found else _PLAIN) + body


def _plain(value: Any, arrays: list[str]) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is list:
        return [_plain(item, arrays) for item in value]
    if kind is tuple:
        return tuple([_plain(item, arrays) for item in value])
    if isinstance(value, dict):
        return {_plain(key, arrays): _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, torch.Tensor):
        return _tagged("tensor", value.detach().cpu().numpy(), arrays)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return _tagged("ndarray", value, arrays)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is not plain data")


def _tagged(kind: str, array: npt.NDArray[Any], arrays: list[str]) -> tuple[Any, ...]:
    arrays.append(kind)
    return (_ARRAY, kind, array.dtype.str, array.shape, array.tobytes())


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, tuple):
        return value
    if value[:1] != (_ARRAY,):
        return tuple([_restored(item) for item in value])
    _, kind, dtype, shape, content = value
    array = np.frombuffer(bytearray(content), dtype=dtype).reshape(shape)  # writable, so a copy
    return torch.from_numpy(array) if kind == "tensor" else array
