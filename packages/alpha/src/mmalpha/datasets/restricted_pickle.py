"""Reading pickles of plain data and byte arrays, in which the CIFAR datasets are published.

A pickle is a program, and what it may call decides what it can do. Here that is nothing of Python's
or NumPy's: the names with which an array of NumPy is pickled have stand-ins here, which keep what
they are given; every other name is an error. See "Restricting Globals" in Python's documentation.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_BYTES = (b"u1", "u1")


class _DType:
    """Stand-in for the type of an array."""

    def __init__(self, name: object, *_: object) -> None:
        self.name = name

    def __setstate__(self, state: object) -> None:
        """Take no notice of the byte order, which a byte does not have."""


class _Array:
    """Stand-in for an array while it is read.

    Attributes:
        value: The array, once its content is known.
    """

    value: npt.NDArray[np.uint8] | None = None

    def __setstate__(self, state: Any) -> None:
        """Take the shape, the type, the order and the bytes."""
        _, shape, dtype, is_fortran, content = state
        if not isinstance(dtype, _DType) or dtype.name not in _BYTES:
            raise pickle.UnpicklingError("an array in it is not one of bytes")
        if not isinstance(content, bytes) or not isinstance(shape, tuple):
            raise pickle.UnpicklingError("an array in it is malformed")
        if not all(isinstance(each, int) for each in shape) or math.prod(shape) != len(content):
            raise pickle.UnpicklingError(f"an array in it has not as many bytes as {shape} says")
        array = np.frombuffer(content, np.uint8)
        self.value = array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def _encode(text: str, encoding: str) -> bytes:
    """Make bytes of a text, as newer versions of Python write them in old pickles."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in it are written as {encoding!r}")
    return text.encode("latin1")


class _StandIn:
    """Stand-in for a name: it can be called, and can't be changed.

    Args:
        make: What a call makes.
    """

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        """Make what a pickle asks for."""
        return self._make(*args)

    def __setstate__(self, state: object) -> None:
        """Refuse what a pickle would like to change."""
        raise pickle.UnpicklingError("it changes a name")


_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(lambda *_: _Array()),
    ("numpy._core.multiarray", "_reconstruct"): _StandIn(lambda *_: _Array()),
    ("numpy", "ndarray"): _StandIn(lambda *_: None),
    ("numpy", "dtype"): _StandIn(_DType),
    ("_codecs", "encode"): _StandIn(_encode),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}; a dataset has plain data and arrays alone"
            )
        return _KNOWN[module, name]


def read_plain_pickle(content: bytes, name: str) -> Any:
    """Return what a pickle of plain data and arrays of bytes holds; nothing in it is executed.

    Texts that Python 2 wrote are bytes.

    Args:
        content: The pickle.
        name: What errors call it.

    Raises:
        ValueError: If it is damaged, or holds anything else.
    """
    try:
        return _without_stand_ins(_Unpickler(io.BytesIO(content), encoding="bytes").load())
    except Exception as error:  # a damaged pickle raises almost anything
        raise ValueError(f"{name} can't be read: {str(error) or type(error).__name__}") from error


def _without_stand_ins(value: Any) -> Any:
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {_without_stand_ins(key): _without_stand_ins(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_without_stand_ins(each) for each in value])
    return value
