"""Messages between processes: data arrive as they were sent, and nothing is executed."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.dist._messages import pack, size_of, unpack

DTYPES = [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float64, torch.complex64]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.binary(),
    st.sampled_from([torch.half, torch.device("cuda", 1), torch.Size([2, 3])]),
)
TENSORS = st.builds(
    lambda shape, dtype: (
        torch.arange(torch.Size(shape).numel()).reshape(shape).to(dtype).mT
        if len(shape) > 1
        else torch.ones(shape).to(dtype)
    ),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(DTYPES),
)
SPARSE = torch.sparse_coo_tensor(torch.tensor([[1]]), torch.ones(1), (2,), check_invariants=True)
KEYS = SCALARS | st.tuples(st.integers(), st.text())
DATA = st.recursive(
    SCALARS | TENSORS,
    lambda each: (
        st.lists(each)
        | st.lists(each).map(tuple)
        | st.dictionaries(KEYS, each)
        | st.dictionaries(KEYS, each).map(OrderedDict)
        | st.sets(SCALARS)
        | st.frozensets(SCALARS)
    ),
)


@given(DATA)
def test_data_arrive_as_they_were_sent(data: Any) -> None:
    message = pack(data)
    assert size_of(message) == len(message)
    _compare(unpack(message), data)


def _compare(found: Any, sent: Any) -> None:
    assert type(found) is type(sent)
    if isinstance(sent, Tensor):
        assert found.dtype == sent.dtype
        assert torch.equal(found, sent)
    elif isinstance(sent, dict):
        assert [*found] == [*sent]
        _compare([*found.values()], [*sent.values()])
    elif isinstance(sent, list | tuple):
        assert len(found) == len(sent)
        for one, other in zip(found, sent, strict=True):
            _compare(one, other)
    else:
        assert found == sent


def test_one_object_in_two_places_is_one_where_it_arrives() -> None:
    weight = nn.Parameter(torch.ones(2))
    one, other = unpack(pack([weight, weight]))
    assert one is other
    assert not one.requires_grad
    one[0] = 2  # it is nobody else's
    assert weight.tolist() == [1, 1]


def test_the_facts_of_a_state_dict_arrive() -> None:
    state = nn.BatchNorm1d(2).state_dict()
    assert unpack(pack(state))._metadata == state._metadata  # type: ignore[attr-defined]  # of nn


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.zeros(2), "numpy.ndarray"),
        (np.float32(1), "numpy.float32"),
        (Fraction(1, 2), "fractions.Fraction"),
        (Fraction, "fractions.Fraction"),
        (os.getcwd, "(nt|posix).getcwd"),
        (test_one_object_in_two_places_is_one_where_it_arrives, ".*test_one_object.*"),
        (torch.ones(2, device="meta"), "a tensor of meta"),
        (SPARSE, "a tensor of torch.sparse_coo"),
    ],
)
def test_what_is_not_plain_is_refused_before_it_is_sent(value: Any, name: str) -> None:
    for data in (value, [1, {"a": (value,)}], {1: [value, Fraction]}):
        with pytest.raises(TypeError, match=f"plain data, and here is {name}: convert it to tens"):
            pack(data)


class Hostile:
    """Calls something where its pickle is read."""

    def __init__(self, call: Callable[..., Any], *args: Any) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.args


def _message(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(bytes(8) + content), dtype=torch.uint8)


@pytest.mark.parametrize(
    "call", [os.system, eval, print, torch.load, getattr, pickle.loads, torch.frombuffer]
)
def test_a_message_calls_nothing(call: Callable[..., Any]) -> None:
    for protocol in range(6):
        content = pickle.dumps([Hostile(call, "1")], protocol)
        with pytest.raises(pickle.UnpicklingError, match="a message names "):
            unpack(_message(content))


MAKER = b"cengine.dist._messages\n_make_tensor\n"
SET_CALL = b"N}\x8c\x08__call__K\x01s\x86b"
SIXTEEN_BYTES = b"\x96\x10\0\0\0\0\0\0\0" + bytes(16)
TENSOR = MAKER + b"ctorch\nfloat32\nK\x04\x85" + SIXTEEN_BYTES + b"\x87R"


@pytest.mark.parametrize(
    "steps",
    [
        MAKER + SET_CALL,
        MAKER + b"}\x8c\x01aK\x01sb",
        b"ccollections\nOrderedDict\n" + SET_CALL,
        b"ctorch\nSize\n" + SET_CALL,
        b"ctorch\nfloat32\n" + SET_CALL,
        MAKER + b"ctorch\nfloat32\nM\xff\xff\x85" + SIXTEEN_BYTES + b"\x87R",  # a larger shape
        TENSOR + b"(" + TENSOR + b"K\0M\xff\xff\x85K\x01\x85tb",  # and one that is set later
        TENSOR + b"(" + TENSOR + b"K\x02K\x04\x85K\x01\x85tb",  # from a place on
        b"\x80\x06N",
    ],
)
def test_a_message_changes_nothing_and_reads_nothing_beyond_it(steps: bytes) -> None:
    assert unpack(_message(b"\x80\x05" + TENSOR + b".")).tolist() == [0] * 4
    with pytest.raises((AttributeError, TypeError, RuntimeError, ValueError)):
        unpack(_message(b"\x80\x05" + steps + b"."))
