"""Pickles of plain data, and those that would like to do more."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.dataset import BaseDataset
from engine.fileio import NotPlainError, dump, load, read_plain_pickle
from engine.utils import same_value

PROTOCOLS = st.integers(0, pickle.HIGHEST_PROTOCOL)
NUMBERS = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes()
DTYPES = NUMBERS | hnp.floating_dtypes() | hnp.complex_number_dtypes() | hnp.unicode_string_dtypes()

keys = st.text() | st.integers() | st.binary() | st.tuples(st.integers(), st.text())
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
plain = st.recursive(
    scalars
    | st.binary()
    | st.binary().map(bytearray)
    | st.complex_numbers(allow_nan=False)
    | st.sets(keys)
    | st.frozensets(keys),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(keys, inner)
        | st.dictionaries(keys, inner).map(OrderedDict)
        | st.lists(inner).map(tuple)
    ),
    max_leaves=10,
)


def _content(value: Any, protocol: int) -> bytes:
    content = dump(value, file_format="pkl", protocol=protocol)
    assert isinstance(content, bytes)
    return content


# -- What is plain ---------------------------------------------------------------------------------


@given(plain, PROTOCOLS)
def test_plain_data_is_read(value: Any, protocol: int) -> None:
    got = read_plain_pickle(_content(value, protocol))
    assert got == value
    assert type(got) is type(value)


@given(
    hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0)),
    PROTOCOLS,
    st.booleans(),
)
def test_arrays_are_read(array: Any, protocol: int, is_fortran: bool) -> None:
    array = np.asfortranarray(array) if is_fortran else array
    got = read_plain_pickle(_content({"data": [array, array]}, protocol))["data"]
    assert type(got[0]) is np.ndarray
    assert got[0].dtype == array.dtype
    assert got[0] is got[1]
    np.testing.assert_array_equal(got[0], array)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        np.float32(2.5),
        np.int64(3),
        np.str_("ab"),
        np.bool_(True),
        np.dtype("f4"),
        np.dtype(">i2"),
        np.array([[1, 2], "x", None, np.zeros(2)], dtype=object),
        np.array([[None, {"a": np.ones(1)}]], dtype=object),
    ],
)
def test_scalars_data_types_and_arrays_of_plain_objects_are_read(value: Any, protocol: int) -> None:
    shared = {"a": value, "b": [value]}
    got = read_plain_pickle(_content(shared, protocol))
    assert type(got["a"]) is type(value)
    assert same_value(got["a"], value) or repr(got["a"]) == repr(value)


@pytest.mark.parametrize("core", ["core", "_core"])
def test_arrays_of_old_and_new_numpy_are_read(core: str) -> None:
    content = (
        f"cnumpy.{core}.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        "(I1\n(I2\ntcnumpy\ndtype\n(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'"
        "\\x01\\x00\\x02\\x00'\ntb."
    ).encode()
    assert read_plain_pickle(content, "latin1").tolist() == [1, 2]


def test_annotations_may_be_a_pickle(tmp_path: Path) -> None:
    sample = {"keypoint": np.zeros((1, 2, 3, 2), np.float16), "label": 3, "frame_dir": "a"}
    dump({"metainfo": {}, "data_list": [sample]}, tmp_path / "train.pkl")
    dataset = BaseDataset(str(tmp_path / "train.pkl"), data_prefix={})
    assert dataset[0]["label"] == 3
    assert dataset[0]["keypoint"].dtype == np.float16


# -- What is not -----------------------------------------------------------------------------------


class _Calls:
    """Makes a pickle that calls something."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "call",
    [
        (os.system, ("echo",)),
        (eval, ("1 + 1",)),
        (getattr, ("", "join")),
        (subprocess.Popen, (["true"],)),
        (np.load, ("a.npy",)),
        (torch.tensor, (3,)),
        (io.BytesIO, (b"",)),
        (bytes, (10**12,)),
        (bytearray, (10**12,)),
        (np.ndarray, ((10**6, 10**6),)),
        (np.dtype, ("V8",)),
        (np.dtype, ("M8[s]",)),
    ],
)
def test_a_call_is_not_made(call: Any, protocol: int) -> None:
    with pytest.raises(
        ValueError, match=r"it names|made of int|no pickle|not of numbers|name of a"
    ):
        read_plain_pickle(_content({"data": _Calls(*call)}, protocol))


@pytest.mark.parametrize("protocol", range(6))
def test_a_module_that_is_named_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    (tmp_path / "leaves_a_trace.py").write_text(
        "from pathlib import Path\nPath('trace').touch()\nclass Thing: ...\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    name = (
        b"\x8c\x0eleaves_a_trace\x8c\x05Thing\x93" if protocol >= 4 else b"cleaves_a_trace\nThing\n"
    )
    content = name + b")R."
    with pytest.raises(NotPlainError, match=r"it names leaves_a_trace\.Thing, which is not plain"):
        load(io.BytesIO(content), "pkl")
    assert "leaves_a_trace" not in sys.modules
    assert not (tmp_path / "trace").exists()


@given(st.text(min_size=1).filter(lambda text: "\n" not in text))
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"it names|no pickle"):
        read_plain_pickle(b"cengine\n" + name.encode("utf-8", "surrogatepass") + b"\n.")


def _nested(levels: int) -> bytes:
    return b"]" * levels + b"a" * (levels - 1) + b"."


def _doubled(levels: int, make: bytes = b"\x86") -> bytes:
    return b"K\x01\x85" + b"".join(b"2" + make for _ in range(levels))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cnumpy\ndtype\n}U\x04makeK\x01sb.", "it sets the state of a _Name"),
        (b"cnumpy\nndarray\n(N}U\x04makeK\x01stb.", "it sets the state of a _Name"),
        (b"}}U\x03getK\x01sb.", "it sets the state of a dict"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.", "it names numpy.dtype.__init__"),
        (b"cnumpy\ndtype\n)\x81.", "it has the instruction '.x81'"),
        (b"cnumpy\ndtype\n.", "it holds the name of a class or function alone"),
        (b"Pan object of its own\n.", "it has the instruction 'P'"),
        (b"K\x01Q.", "it has the instruction 'Q'"),
        (b"\x82\x01.", "it has the instruction '.x82'"),
        (b"\x84\x01\0\0\0.", "it has the instruction '.x84'"),
        (b"\x97.", "it has the instruction '.x97'"),
        (b"(cos\nsystem\no.", "it names os.system"),
        (b"(S'id'\nios\nsystem\n.", "it has the instruction 'i'"),
        (b"c_codecs\nencode\n(X\x01\0\0\0aX\x05\0\0\0rot13tR.", "encoded as 'rot13'"),
        (b"cnumpy\nndarray\n)R.", "it holds|no values"),
        (b"K\x01)R.", "it calls a int"),
        (b"}]a.", "it appends to a dict"),
        (b"}]K\x01s.", "a key in it is a list"),
        (b"}q\x00U\x01ah\x00s.", "something in it is within itself"),
        (b"]q\x00h\x00a.", "something in it is within itself"),
        (_nested(200), "it is nested more than 100 levels deep"),
        (_doubled(60) + b".", "a few bytes of it stand for very many values"),
        (b"}" + _doubled(60) + b"K\x01s.", "a key in it is made of too many values"),
        (b"\x8f(" + _doubled(60) + b"\x90.", "a key in it is made of too many values"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "it ends too early"),
        (b"\x8d\xff\xff\xff\xff\0\0\0\0.", "it ends too early"),
        (b"\x8b\xff\xff\xff\x7f.", "it ends too early"),
        (b"T\xff\xff\xff\xff.", "it ends too early"),
        (b"I" + b"9" * 10000 + b"\n.", "no pickle"),
        (b"\x80\x06N.", "protocol 6"),
        (b"", "no pickle"),
    ],
)
def test_tricks_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_plain_pickle(content)


@pytest.mark.parametrize(
    "content",
    [
        b"K\x01r\xff\xff\xff\xff.",  # a place in a table of four billions
        b"K\x01p99999999999\n.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7fK\x01.",  # the length of a frame
    ],
)
def test_numbers_that_say_how_much_there_is_cost_nothing(content: bytes) -> None:
    tracemalloc.start()
    try:
        assert read_plain_pickle(content) == 1
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("call", [b"cbuiltins\nset\n", b"cbuiltins\nbytes\n"])
def test_what_is_used_again_and_again_is_not_copied_for_ever(call: bytes) -> None:
    many = b"(" + b"K\x01" * 30000 + b"l" if b"set" in call else b"B\x30\x75\0\0" + b"x" * 30000
    content = many + b"q\x000(" + (call + b"(h\x00tR") * 3000 + b"l."
    if b"set" in call:
        assert read_plain_pickle(content) == [{1}] * 3000
        return
    with pytest.raises(NotPlainError, match="a few bytes of it stand for very many"):
        read_plain_pickle(content)


def _altered(change: Callable[[list[Any]], None]) -> bytes:
    """Return the pickle of an array with another state."""
    make, arguments, state = np.zeros(3).__reduce__()  # type: ignore[str-unpack]
    parts = list(state)
    change(parts)
    return _content(_Calls(make, arguments, tuple(parts)), 2)


@pytest.mark.parametrize(
    "content",
    [
        _altered(lambda state: state.__setitem__(1, (10**9, 10**9))),
        _altered(lambda state: state.__setitem__(1, (-1, -3))),
        _altered(lambda state: state.__setitem__(1, (4,))),
        _altered(lambda state: state.__setitem__(1, (1.5, 2))),
        _altered(lambda state: state.__setitem__(2, np.dtype(object))),
        _altered(lambda state: state.__setitem__(2, "f8")),
        _altered(lambda state: state.__setitem__(4, bytearray(23))),
        _altered(lambda state: state.__setitem__(4, "\u1234" * 24)),
        _altered(lambda state: state.__setitem__(4, [1, 2])),
        _altered(lambda state: state.__setitem__(4, 24)),
        _altered(lambda state: state.pop()),
        _content(_Calls(*np.float64(3).__reduce__()[:1], (np.dtype("f8"), b"123")), 2),
        _content(_Calls(*np.float64(3).__reduce__()[:1], (np.dtype(object), b"12345678")), 2),
    ],
)
def test_arrays_whose_parts_do_not_fit_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"array in it|more or fewer bytes|no pickle"):
        read_plain_pickle(content)


@pytest.mark.parametrize("value", [torch.zeros(2), np.zeros(1, "i4,i4"), np.ma.zeros(2), Path("x")])
def test_other_objects_are_refused(value: Any) -> None:
    with pytest.raises(NotPlainError, match=r"it names|not of numbers"):
        read_plain_pickle(_content([value], 4))


def test_objects_in_an_array_are_plain_too() -> None:
    with pytest.raises(NotPlainError, match="it names pathlib"):
        read_plain_pickle(_content(np.array([Path("x")], dtype=object), 2))


@given(st.binary(max_size=60))
def test_noise_is_an_error_or_plain(content: bytes) -> None:
    with suppress(ValueError):  # nothing else is raised
        read_plain_pickle(content)


@given(PROTOCOLS, st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_plain(protocol: int, position: int, byte: int) -> None:
    whole = bytearray(_content({"a": [1, (2.5, {3})], b"b": np.zeros((2, 4))}, protocol))
    whole[position % len(whole)] = byte
    with suppress(ValueError):
        read_plain_pickle(bytes(whole))


@given(PROTOCOLS, st.integers(0, 10**6))
def test_a_pickle_cut_anywhere_is_an_error(protocol: int, position: int) -> None:
    whole = _content({b"labels": [1, 2], b"data": np.zeros((2, 4), np.uint8)}, protocol)
    with pytest.raises(ValueError, match="no pickle, or not a whole one"):
        read_plain_pickle(whole[: position % len(whole)])
