"""A value or key of a class below a plain one is dumped as the plain value."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config

from .conftest import Write


class _Lies:
    """What the classes below make of themselves where a text is wanted."""

    def __str__(self) -> str:
        return "lie"

    def __repr__(self) -> str:
        return "lie()"

    def __format__(self, spec: str) -> str:
        return "lie"


class Text(_Lies, str):
    """A text."""


class Number(_Lies, int):
    """A number."""


class Real(_Lies, float):
    """A number."""


class Complex(_Lies, complex):
    """A number."""


class Bytes(_Lies, bytes):
    """Bytes."""


class Items(_Lies, list[Any]):
    """A list."""


class Pair(NamedTuple):
    """A tuple."""

    first: Any
    second: Any


class Kinds(_Lies, set[Any]):
    """A set."""


class Frozen(_Lies, frozenset[Any]):
    """A set."""


def enum_of(mixin: type) -> Callable[[Any], Any]:
    def member(value: Any) -> Any:
        return enum.Enum("Kind", {"member": value}, type=mixin).member  # type: ignore[attr-defined]  # mypy knows no enum that is made by a call

    return member


def at_64_bits(value: int) -> Any:
    return np.int64(value) if -(2**63) <= value < 2**63 else Number(value)


CLASSES: dict[type, list[Callable[[Any], Any]]] = {
    str: [Text, enum_of(str), np.str_],
    int: [Number, enum_of(int), at_64_bits],
    bool: [np.bool_],
    float: [Real, enum_of(float), np.float64],
    complex: [Complex, np.complex128],
    bytes: [Bytes, np.bytes_],
    list: [Items],
    tuple: [lambda value: Pair(*value)],
    dict: [collections.OrderedDict, lambda value: collections.defaultdict(int, value)],
    set: [Kinds],
    frozenset: [Frozen],
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
PYTHON = ATOMS | st.complex_numbers(allow_nan=False) | st.binary(max_size=3).filter(
    lambda value: not value.endswith(b"\0")  # NumPy takes those for the end
)  # fmt: skip


def trees(atoms: st.SearchStrategy[Any], *, python: bool) -> st.SearchStrategy[dict[str, Any]]:
    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        plain = st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
        return plain | st.tuples(inner, inner) if python else plain

    more = atoms | st.sets(TEXTS, max_size=2) | st.frozensets(TEXTS, max_size=2)
    inner = st.recursive(more if python else atoms, deeper, max_leaves=8)
    return st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)


def disguised(value: Any, draw: Callable[[Any], Any]) -> Any:
    """Return a value with classes of their own for some of what is in it."""
    if isinstance(value, dict):
        value = {disguised(k, draw): disguised(each, draw) for k, each in value.items()}
    elif isinstance(value, (list, tuple)):
        value = type(value)(disguised(each, draw) for each in value)
    choices = CLASSES.get(type(value), [])
    return draw(st.sampled_from([lambda same: same, *choices]))(value)


@given(st.data(), trees(PYTHON, python=True))
def test_python(data: st.DataObject, plain: dict[str, Any]) -> None:
    hidden = Config(disguised(plain, data.draw))
    text = Config(plain).pretty_text
    assert hidden.pretty_text == text
    for run in (True, False):
        assert Config.fromstring(text, ".py", run=run) == hidden


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@given(data=st.data(), plain=trees(ATOMS, python=False))
def test_text_formats(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject, plain: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / f"disguised{suffix}"
    hidden = Config(disguised(plain, data.draw))
    assert hidden.dump(file) == Config(plain).dump(file)
    assert Config.fromfile(file) == hidden


class Mode(str, enum.Enum):  # noqa: UP042  # which lies in `str`
    """A string enum as people write them."""

    FAST = "fast"


class Level(enum.IntEnum):
    """An integer enum."""

    HIGH = 3


def test_what_people_write(write: Write) -> None:
    write({})
    cfg = Config(
        {
            "mode": Mode.FAST,
            "level": Level.HIGH,
            "by_mode": {Mode.FAST: 1},
            "best": np.float32(0.5),
            "size": Pair(1, [2]),
        }
    )
    assert cfg.pretty_text == (
        "mode = 'fast'\nlevel = 3\nby_mode = dict(fast=1)\nbest = 0.5\nsize = (1, [2])\n"
    )
    assert cfg.dump("x.yaml") == (
        "mode: fast\nlevel: 3\nby_mode:\n  fast: 1\nbest: 0.5\nsize: [1, [2]]\n"
    )
    assert Config({"by_level": {Level.HIGH: 1}}).dump("y.yaml") == "by_level:\n  3: 1\n"
