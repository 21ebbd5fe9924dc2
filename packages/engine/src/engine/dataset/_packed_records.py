"""Annotations of many samples in one buffer.

A list of a million small dictionaries costs gigabytes, and again in each worker process, since
reading a Python object writes its reference count and so copies its page. One string of bytes is
shared by all processes that are forked, and a record is unpacked when it is read.

Records are packed with `marshal`, which knows plain data only, keeps tuples and keys as they are,
and runs nothing when it unpacks. The bytes never leave the process and its children.
"""

from __future__ import annotations

import io
import marshal
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.utils import is_plain

_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes})

_CHUNK = 256  # records that are packed at once; few enough to stay in a processor's cache

# Marks an array in a packed record: no user data looks like it.
_ARRAY = "\0array"


class PackedRecords(Sequence[dict[str, Any]]):
    """A sequence of dictionaries of plain data, arrays and tensors, kept as bytes.

    A record without arrays is packed as it is; one with arrays as a list with it, in which tuples
    stand for the arrays.

    Args:
        data: The packed records, one after the other.
        starts: Where each record starts in `data`, and at last where the last one ends.
    """

    def __init__(self, data: bytes, starts: array[int]) -> None:
        self._data = data
        self._starts = starts

    @classmethod
    def pack(cls, records: Sequence[Mapping[str, Any]]) -> PackedRecords:
        """Pack dictionaries. NumPy scalars and subclasses of `dict` become Python's own.

        Args:
            records: The dictionaries.

        Raises:
            TypeError: If a record holds something else than plain data, arrays and tensors.
        """
        return cls._join(
            _pack(records[first : first + _CHUNK], first)
            for first in range(0, len(records), _CHUNK)
        )

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._starts) - 1

    def __getitem__(self, index: Any) -> Any:
        """Unpack a record."""
        starts = self._starts
        if not 0 <= index < len(starts) - 1:
            index = range(len(self))[index]
        record = marshal.loads(self._data[starts[index] : starts[index + 1]])
        return record if type(record) is dict else _restore(record[0])

    def subset(self, indices: Iterable[int]) -> PackedRecords:
        """Return the records of these indices, as they are packed.

        Args:
            indices: Non-negative indices.
        """
        starts = self._starts
        return self._join([self._data[starts[index] : starts[index + 1]]] for index in indices)

    def to_arrays(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """Return the packed records as an array of bytes, and where each of them ends."""
        starts = np.frombuffer(self._starts, dtype=np.int64)
        return np.frombuffer(self._data, dtype=np.uint8), starts[1:]

    @classmethod
    def _join(cls, chunks: Iterable[Sequence[bytes]]) -> PackedRecords:
        stream, starts = io.BytesIO(), array("q", [0])
        for chunk in chunks:
            stream.write(b"".join(chunk))
            starts.extend(accumulate(map(len, chunk), initial=starts.pop()))
        return cls(stream.getvalue(), starts)


def _pack(records: Sequence[Mapping[str, Any]], first: int) -> list[bytes]:
    # marshal by itself refuses most of what is not plain, but takes an array for bytes.
    if {*map(type, records)} == {dict} and is_plain(records):
        return [marshal.dumps(record) for record in records]  # type: ignore[arg-type]  # a dict, see above
    return [_packed_by_hand(record, index) for index, record in enumerate(records, first)]


def _packed_by_hand(record: Mapping[str, Any], index: int) -> bytes:
    if not isinstance(record, dict):
        raise TypeError(f"sample {index} must be a dictionary, not a {type(record).__name__}")
    found: list[str] = []
    try:
        plain = _plain(record, found)
    except TypeError as error:
        raise TypeError(
            f"sample {index} can't be serialized: {error}. Keep plain data, arrays and tensors in "
            "the data list, or set serialize_data=False"
        ) from error
    return marshal.dumps([plain] if found else plain)


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
        return _tag("tensor", value.detach().cpu().numpy(), arrays)
    if isinstance(value, np.ndarray) and _is_named_by_str(value.dtype):
        return _tag("ndarray", value, arrays)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is not plain data")


def _is_named_by_str(dtype: np.dtype[Any]) -> bool:
    return not dtype.hasobject and np.dtype(dtype.str) == dtype


def _tag(kind: str, array: npt.NDArray[Any], arrays: list[str]) -> tuple[Any, ...]:
    arrays.append(kind)
    return (_ARRAY, kind, array.dtype.str, array.shape, array.tobytes())


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restore(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore(item) for item in value]
    if not isinstance(value, tuple):
        return value
    if value[:1] != (_ARRAY,):
        return tuple([_restore(item) for item in value])
    _, kind, dtype, shape, content = value
    array = np.frombuffer(bytearray(content), dtype=dtype).reshape(shape)  # writable, so a copy
    return torch.from_numpy(array) if kind == "tensor" else array
