"""Pickles of plain data, and those that would like to do more."""

from __future__ import annotations

import os
import pickle
import subprocess
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmalpha.datasets import read_plain_pickle

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(plain, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_plain_data_is_read(value: Any, protocol: int) -> None:
    assert read_plain_pickle(pickle.dumps(value, protocol), "x") == value


@given(hnp.arrays(np.uint8, hnp.array_shapes()), st.integers(2, 4), st.booleans())
def test_arrays_of_bytes_are_read(array: Any, protocol: int, is_fortran: bool) -> None:
    array = np.asfortranarray(array) if is_fortran else array
    got = read_plain_pickle(pickle.dumps({"data": [array]}, protocol), "x")
    np.testing.assert_array_equal(got["data"][0], array)


class _Calls:
    """Makes a pickle that calls something."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "call",
    [
        (os.system, ("echo",)),
        (eval, ("1 + 1",)),
        (getattr, ("", "join")),
        (subprocess.Popen, (["true"],)),
        (np.load, ("a.npy",)),
        (np.dtype, ("O",)),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_call_is_not_made(call: Any, protocol: int) -> None:
    content = pickle.dumps({"data": _Calls(*call)}, protocol)
    if call[0] is np.dtype:
        assert type(read_plain_pickle(content, "x")["data"]).__module__.startswith("mmalpha")
        return
    with pytest.raises(ValueError, match=r"x can't be read: it asks for .*; a dataset has plain"):
        read_plain_pickle(content, "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # A name of the reader itself, with a state for it.
        (b"cnumpy\ndtype\n}U\x05_makeK\x01sb.", "it changes a name"),
        (b"cnumpy\nndarray\n(N}U\x05_makeK\x01stb.", "it changes a name"),
        # An attribute of an allowed name, as newer protocols may ask for.
        (b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.", "it asks for numpy"),
        (b"cnumpy\ndtype\n\x81.", "can't be read"),
        (b"Pan object of its own\n.", "can't be read"),
        (b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.", "bytes in it are wr"),
    ],
)
def test_tricks_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_plain_pickle(content, "x")


@pytest.mark.parametrize(
    "array", [np.zeros(2), np.array([None]), np.zeros(2, ">u2"), np.array(["a"])]
)
def test_arrays_of_anything_else_are_refused(array: Any) -> None:
    with pytest.raises(ValueError, match="x can't be read: an array in it is not one of bytes"):
        read_plain_pickle(pickle.dumps(array, 2), "x")


def test_an_array_that_lies_about_its_shape_is_refused() -> None:
    content = pickle.dumps(np.zeros(300, np.uint8), 2).replace(
        (300).to_bytes(2, "little"), (301).to_bytes(2, "little"), 1
    )
    with pytest.raises(ValueError, match="x can't be read"):
        read_plain_pickle(content, "x")


@given(st.binary(max_size=60))
def test_noise_is_an_error_or_plain(content: bytes) -> None:
    with suppress(ValueError):  # nothing else is raised
        read_plain_pickle(content, "x")


@given(st.integers(0, 10**6))
def test_a_pickle_cut_anywhere_is_an_error(position: int) -> None:
    whole = pickle.dumps({b"labels": [1, 2], b"data": np.zeros((2, 4), np.uint8)}, 2)
    with pytest.raises(ValueError, match="x can't be read"):
        read_plain_pickle(whole[: position % len(whole)], "x")
