"""NumPy arrays and scalars in checkpoints.

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


class _Dtype:
    """Stands for a data type of numbers or texts."""

    def __init__(self, code: object, *_: object) -> None:
        self._code = code
        self._order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = state[1]

    def real(self) -> np.dtype[Any]:
        found = np.dtype(self._code) if isinstance(self._code, str) else None
        if found is None or found.kind not in _KINDS:
            raise UnpicklingError(f"an array in it is one of {self._code!r}, not of numbers")
        return found.newbyteorder(self._order)  # type: ignore[arg-type]  # it raises for others


class Array:
    """Stands for an array."""

    _values: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, raw = state
        kind = dtype.real()
        if not isinstance(raw, bytes) or math.prod(shape) * kind.itemsize != len(raw):
            raise UnpicklingError("an array in it has more or fewer bytes than its shape says")
        flat = np.frombuffer(raw, kind).copy()
        self._values = flat.reshape(shape, order="F" if is_fortran else "C")

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


def _scalar(dtype: _Dtype, raw: bytes) -> np.generic:
    kind = dtype.real()
    if not isinstance(raw, bytes) or len(raw) != kind.itemsize:
        raise UnpicklingError("a number in it has more or fewer bytes than its type says")
    number: np.generic = np.frombuffer(raw, kind)[0]
    return number


STAND_INS: list[Any] = [
    *((_array, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    *((_scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    (Array, "numpy.ndarray"),
    (_Dtype, "numpy.dtype"),
]
"""Callables, each with the name that it has in a checkpoint."""
