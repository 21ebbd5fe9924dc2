"""NumPy arrays, scalars and data types in pickles and checkpoints.

NumPy's own functions allocate what a shape asks for, and change data types in place, whoever asks.
"""

from __future__ import annotations

import math
from pickle import UnpicklingError
from typing import Any

import numpy as np

_KINDS = "biufcSU"


class StandIn:
    """Stands for an object of a class that is not there; its attributes are what was stored."""


class Dtype:
    """Stands for a data type of numbers or texts."""

    def __init__(self, code: object, *_: object) -> None:
        self._code = _as_text(code)
        self._order: object = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = _as_text(state[1])

    def real(self) -> np.dtype[Any]:
        """Return the data type, of numbers, texts or objects.

        Raises:
            UnpicklingError: If it is another one.
        """
        found = np.dtype(self._code) if isinstance(self._code, str) else None
        if found is None or found.kind not in _KINDS + "O":
            raise UnpicklingError(f"an array in it is one of {self._code!r}, not of numbers")
        ordered = found.newbyteorder(self._order)  # type: ignore[arg-type]  # it raises for others
        return np.dtype(ordered.str)


def _of_numbers(dtype: object) -> np.dtype[Any]:
    real = dtype.real() if isinstance(dtype, Dtype) else dtype
    if not isinstance(real, np.dtype) or real.kind not in _KINDS:
        raise UnpicklingError(f"an array in it is one of {real!r}, not of numbers")
    return real


def array_from_buffer(raw: object, dtype: object, shape: Any, order: str) -> np.ndarray[Any, Any]:
    """Return an array of numbers or texts.

    Args:
        raw: Its bytes.
        dtype: Its data type.
        shape: Its shape, which the bytes must fill.
        order: `'C'` or `'F'`.

    Raises:
        UnpicklingError: If they don't fit each other.
    """
    kind, content = _of_numbers(dtype), _as_bytes(raw)
    if math.prod(shape) * kind.itemsize != len(content):
        raise UnpicklingError("an array in it has more or fewer bytes than its shape says")
    flat = np.frombuffer(content, kind).copy()
    array: np.ndarray[Any, Any] = flat.reshape(shape, order="F" if order == "F" else "C")
    return array


def _as_text(value: object) -> object:
    """Return a text that Python 2 wrote."""
    return value.decode("latin1") if isinstance(value, bytes) else value


def _as_bytes(value: object) -> bytes:
    """Return bytes, also those that Python 2 wrote as a text.

    Raises:
        UnpicklingError: If it is anything else.
    """
    if isinstance(value, str):
        return value.encode("latin1")
    if not isinstance(value, (bytes, bytearray)):
        raise UnpicklingError(f"an array in it is made of {type(value).__name__}")
    return bytes(value)


class Array:
    """Stands for an array."""

    _values: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, raw = state
        self._values = array_from_buffer(raw, dtype, shape, "F" if is_fortran else "C")

    def real(self) -> np.ndarray[Any, Any]:
        """Return the array.

        Raises:
            UnpicklingError: If nothing is known of it.
        """
        if self._values is None:
            raise UnpicklingError("an array in it has no values")
        return self._values


def _array(*_: object) -> Array:
    return Array()


def _scalar(dtype: object, raw: object) -> np.generic:
    kind, content = _of_numbers(dtype), _as_bytes(raw)
    if len(content) != kind.itemsize:
        raise UnpicklingError("a number in it has more or fewer bytes than its type says")
    number: np.generic = np.frombuffer(content, kind)[0]
    return number


STAND_INS: list[Any] = [
    *((_array, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    *((_scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    (Array, "numpy.ndarray"),
    (Dtype, "numpy.dtype"),
]
"""Callables, each with the name that it has in a pickle."""
