"""Pickles of plain data, read without pickle's machine: nothing in them is imported or called.

The instructions of a pickle are followed here, and those that make anything but plain data end the
reading. What is made takes memory in proportion to the file.
"""

from __future__ import annotations

import codecs
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ._error import NotPlainError
from ._numpy_stand_ins import STAND_INS, Array, Dtype, array_from_buffer

MAX_DEPTH = 100
"""How many containers may be within each other."""

_MAX_KEY = 1000
_TOO_MUCH = "a few bytes of it stand for very many values"
_OLD_MODULES = {"__builtin__": "builtins"}
_ATOMS = frozenset([type(None), bool, int, float, complex, str, bytes, bytearray])
_CONTAINERS = frozenset([dict, OrderedDict, list, tuple, set, frozenset, np.ndarray])


class MalformedPickleError(ValueError):
    """What is no pickle, or not a whole one."""


def read_plain_pickle(content: bytes, encoding: str = "ASCII", errors: str = "strict") -> Any:
    """Return the plain data of a pickle.

    Plain are dictionaries, lists, tuples, sets, texts, bytes, numbers, None, and arrays, scalars
    and data types of NumPy.

    Args:
        content: The pickle.
        encoding: That of texts which Python 2 wrote; `'bytes'` leaves them bytes.
        errors: What is done with those that are not in it, as in `bytes.decode`.

    Raises:
        NotPlainError: If there is anything else in it, or it is larger than it seems.
        MalformedPickleError: If it is no pickle.
    """
    try:
        value = _Reader(content, encoding, errors).read()
    except NotPlainError:
        raise
    except UnpicklingError as error:
        raise NotPlainError(str(error)) from error
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise MalformedPickleError(f"no pickle, or not a whole one ({reason})") from error
    _Weighing(_most_values(content)).weigh(value)
    return value


def _most_values(content: bytes) -> int:
    return 16 * len(content) + 2**20


_BROKEN = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, struct.error)


class _Name:
    """Stands for a class or function that a pickle names, and that makes plain data."""

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        self.name = name
        self.make = make


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise NotPlainError(f"a text in it is encoded as {encoding!r}")
    return text.encode("latin1")


def _bytes(kind: type[bytes | bytearray], content: Any = b"", encoding: str = "latin1") -> Any:
    if isinstance(content, str):
        content = _encode(content, encoding)
    if not isinstance(content, bytes):
        raise NotPlainError(f"{kind.__name__} in it are made of {type(content).__name__}")
    return kind(content)


def _collected(kind: type[Any], items: Any = ()) -> Any:
    """Return a set of the items of a list, or an ordered dictionary of those of a list of pairs."""
    if type(items) not in (list, tuple):
        raise NotPlainError(f"a {kind.__name__} in it is made of {type(items).__name__}")
    pairs = kind is OrderedDict
    for item in items:
        _check_key(item[0] if pairs else item)
    return kind(items)


def _complex(real: float, imaginary: float) -> complex:
    return complex(float(real), float(imaginary))


_NAMES: Mapping[str, _Name] = {
    name: _Name(name, make)
    for make, name in (
        *STAND_INS,
        *((array_from_buffer, f"numpy.{core}.numeric._frombuffer") for core in ("core", "_core")),
        (_encode, "_codecs.encode"),
        (lambda *content: _bytes(bytes, *content), "builtins.bytes"),
        (lambda *content: _bytes(bytearray, *content), "builtins.bytearray"),
        (lambda *items: _collected(set, *items), "builtins.set"),
        (lambda *items: _collected(frozenset, *items), "builtins.frozenset"),
        (lambda *items: _collected(OrderedDict, *items), "collections.OrderedDict"),
        (_complex, "builtins.complex"),
    )
}


def _find(module: str, name: str) -> _Name:
    path = f"{_OLD_MODULES.get(module, module)}.{name}"
    if path not in _NAMES:
        raise NotPlainError(f"it names {path}, which is not plain data")
    return _NAMES[path]


def _check_key(key: Any) -> None:
    """Refuse a key whose hash would take long, or whose class is not plain."""
    waiting, count = [key], 0
    while waiting:
        each = waiting.pop()
        count += 1
        if type(each) in (tuple, frozenset):
            waiting.extend(each)
        elif type(each) not in _ATOMS and not isinstance(each, np.generic):
            raise NotPlainError(f"a key in it is a {type(each).__name__}")
        if count + len(waiting) > _MAX_KEY:
            raise NotPlainError("a key in it is made of too many values")


class _Reader:
    """Follows the instructions of a pickle.

    Args:
        content: The pickle.
        encoding: That of texts which Python 2 wrote.
        errors: What is done with those that are not in it.
    """

    def __init__(self, content: bytes, encoding: str, errors: str) -> None:
        self._content = content
        self._at = 0
        self._most = _most_values(content)
        self._encoding = encoding
        self._errors = errors
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._places: dict[int, list[int]] = {}  # where the memo has what stands for an array

    def read(self) -> Any:
        """Return the value."""
        content, steps = self._content, _STEPS
        while True:
            code = content[self._at]
            self._at += 1
            if code == _STOP:
                return self._stack.pop()
            step = steps.get(code)
            if step is None and code in _OTHERS:
                raise NotPlainError(
                    f"it has the instruction {chr(code)!r}, which can make anything"
                )
            if step is None:
                raise MalformedPickleError(f"{chr(code)!r} is no instruction")
            step(self)

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        start = self._at
        end = start + size
        if size < 0 or end > len(self._content):
            raise MalformedPickleError("it ends too early")
        self._at = end
        return self._content[start:end]

    def number(self, kind: str) -> Any:
        """Return the next number, of a format of `struct`."""
        return struct.unpack(kind, self.take(struct.calcsize(kind)))[0]

    def line(self) -> bytes:
        """Return the text up to the end of the line."""
        end = self._content.index(b"\n", self._at)
        return self.take(end + 1 - self._at)[:-1]

    # -- Instructions ------------------------------------------------------------------------------

    def mark(self) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def marked(self) -> list[Any]:
        """Return what is on the stack since the last mark."""
        items, self._stack = self._stack, self._marks.pop()
        return items

    def proto(self) -> None:
        if (version := self.take(1)[0]) > 5:
            raise MalformedPickleError(f"it has the protocol {version}; known are those up to 5")

    def dup(self) -> None:
        self.push(self._stack[-1])

    def pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self.marked()

    def python_2_text(self, raw: bytes) -> None:
        is_bytes = self._encoding == "bytes"
        self.push(raw if is_bytes else raw.decode(self._encoding, self._errors))

    def string(self) -> None:
        line = self.line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise MalformedPickleError("a text in it has no quotes")
        self.python_2_text(codecs.escape_decode(line[1:-1])[0])

    def integer(self) -> None:
        line = self.line()
        self.push({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))

    def long(self) -> None:
        self.push(int(self.line().removesuffix(b"L")))

    def long_of(self, size: int) -> None:
        self.push(int.from_bytes(self.take(size), "little", signed=True))

    def append(self) -> None:
        item = self._stack.pop()
        self._list().append(item)

    def appends(self) -> None:
        items = self.marked()
        self._list().extend(items)

    def _list(self) -> list[Any]:
        if type(holder := self._stack[-1]) is not list:
            raise NotPlainError(f"it appends to a {type(holder).__name__}")
        return holder

    def set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_pairs([key, value])

    def set_items(self) -> None:
        self._set_pairs(self.marked())

    def _set_pairs(self, items: list[Any]) -> None:
        if type(holder := self._stack[-1]) not in (dict, OrderedDict):
            raise NotPlainError(f"it sets items of a {type(holder).__name__}")
        for key in items[::2]:
            if type(key) is not str:
                _check_key(key)
        holder.update(zip(items[::2], items[1::2], strict=True))

    def add_items(self) -> None:
        items = self.marked()
        if type(holder := self._stack[-1]) is not set:
            raise NotPlainError(f"it adds items to a {type(holder).__name__}")
        holder |= _collected(set, items)

    def frozenset(self) -> None:
        self.push(_collected(frozenset, self.marked()))

    def dictionary(self) -> None:
        items = self.marked()
        self.push({})
        self._set_pairs(items)

    def tuple_of(self, size: int) -> None:
        stack = self._stack
        if len(stack) < size:
            raise MalformedPickleError("a tuple in it lacks items")
        stack[-size:] = [tuple(stack[-size:])]

    def get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    def get_short(self) -> None:
        self._stack.append(self._memo[self._content[self._at]])
        self._at += 1

    def put(self, index: int) -> None:
        value = self._stack[-1]
        self._memo[index] = value
        if type(value) in _STAND_INS:
            self._places.setdefault(id(value), []).append(index)

    def memoize(self) -> None:
        value = self._stack[-1]
        if type(value) in _STAND_INS:
            self.put(len(self._memo))
        else:
            self._memo[len(self._memo)] = value

    def name(self, module: str, name: str) -> None:
        self.push(_find(module, name))

    def stack_name(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (type(name) is str and type(module) is str):
            raise MalformedPickleError("a name in it is no text")
        self.name(module, name)

    def reduce(self) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if not (isinstance(function, _Name) and type(arguments) is tuple):
            raise NotPlainError(f"it calls a {type(function).__name__}")
        made = function.make(*arguments)
        self._keep(_ArrayOfAny() if type(made) is Array else made)

    def _keep(self, made: Any) -> None:
        """Put on the stack what was made of something that may be used again."""
        self._most -= made.nbytes if hasattr(made, "nbytes") else getattr(made, "__len__", int)()
        if self._most < 0:
            raise NotPlainError(_TOO_MUCH)
        self.push(made)

    def build(self) -> None:
        state, holder = self._stack.pop(), self._stack.pop()
        if type(holder) not in _STAND_INS or type(state) is not tuple:
            raise NotPlainError(f"it sets the state of a {type(holder).__name__}")
        holder.__setstate__(state)
        self._keep(made := holder.real())
        for index in self._places.pop(id(holder), ()):
            if self._memo[index] is holder:
                self._memo[index] = made


class _ArrayOfAny(Array):
    """Stands for an array of numbers or texts, or of other values."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, _dtype, is_fortran, items = state
        if type(items) is not list:
            super().__setstate__(state)
            return
        values = np.empty(len(items), object)
        for index, item in enumerate(items):
            values[index] = item
        self._values = values.reshape(shape, order="F" if is_fortran else "C")


_STAND_INS = frozenset([_ArrayOfAny, Dtype])


class _Weighing:
    """Holds what was read against what a program may copy: a tree of no more than some values.

    Args:
        most: How many values there may be, each counted wherever it is.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[int, tuple[int, int]] = {}
        self._is_open: set[int] = set()

    def weigh(self, value: Any, level: int = 0) -> tuple[int, int]:
        """Return how many values are in one, and how many levels.

        Raises:
            NotPlainError: If it is too much, within itself, or not plain.
        """
        kind = type(value)
        if kind in _ATOMS or isinstance(value, (np.generic, np.dtype)):
            return 1, 0
        if kind not in _CONTAINERS:
            raise NotPlainError("it holds the name of a class or function alone")
        key = id(value)
        if key in self._is_open:
            raise NotPlainError("something in it is within itself")
        if key not in self._known:
            if level == MAX_DEPTH:
                raise NotPlainError(f"it is nested more than {MAX_DEPTH} levels deep")
            self._is_open.add(key)
            self._known[key] = self._weigh_items(value, level + 1)
            self._is_open.discard(key)
        weight, height = self._known[key]
        if level + height > MAX_DEPTH:
            raise NotPlainError(f"it is nested more than {MAX_DEPTH} levels deep")
        if weight > self._most:
            raise NotPlainError(_TOO_MUCH)
        return weight, height

    def _weigh_items(self, holder: Any, level: int) -> tuple[int, int]:
        items = holder
        if isinstance(holder, dict):
            items = holder.values()
        elif isinstance(holder, np.ndarray):
            items = holder.ravel() if holder.dtype.hasobject else ()
        weight, height = 1 + len(items), 0
        for item in items:
            if type(item) not in _ATOMS:
                more, levels = self.weigh(item, level)
                weight += more
                height = max(height, levels)
        return weight, height + 1


_STOP = ord(".")
_OTHERS = b"PQio\x81\x92\x82\x83\x84\x97\x98"
"""Those that make an object of any class, or fetch one from elsewhere."""


def _numbers(kind: str) -> Callable[[_Reader], None]:
    size, unpack = struct.calcsize(kind), struct.Struct(kind).unpack_from

    def read(reader: _Reader) -> None:  # most of a pickle, so without further calls
        reader._stack.append(unpack(reader._content, reader._at)[0])
        reader._at += size

    return read


def _texts(kind: str) -> Callable[[_Reader], None]:
    def read(reader: _Reader) -> None:
        reader.push(reader.take(reader.number(kind)).decode("utf-8", "surrogatepass"))

    return read


def _contents(kind: str, make: type[bytes | bytearray] = bytes) -> Callable[[_Reader], None]:
    return lambda reader: reader.push(make(reader.take(reader.number(kind))))


_STEPS: dict[int, Callable[[_Reader], None]] = {
    ord(code): step
    for code, step in {
        "\x80": _Reader.proto,
        "\x95": lambda reader: reader.take(8),  # the length of a frame
        "N": lambda reader: reader.push(None),
        "\x88": lambda reader: reader.push(True),
        "\x89": lambda reader: reader.push(False),
        "I": _Reader.integer,
        "J": _numbers("<i"),
        "K": _numbers("<B"),
        "M": _numbers("<H"),
        "L": _Reader.long,
        "\x8a": lambda reader: reader.long_of(reader.number("<B")),
        "\x8b": lambda reader: reader.long_of(reader.number("<i")),
        "F": lambda reader: reader.push(float(reader.line())),
        "G": _numbers(">d"),
        "S": _Reader.string,
        "T": lambda reader: reader.python_2_text(reader.take(reader.number("<i"))),
        "U": lambda reader: reader.python_2_text(reader.take(reader.number("<B"))),
        "V": lambda reader: reader.push(reader.line().decode("raw-unicode-escape")),
        "X": _texts("<I"),
        "\x8c": _texts("<B"),
        "\x8d": _texts("<Q"),
        "B": _contents("<I"),
        "C": _contents("<B"),
        "\x8e": _contents("<Q"),
        "\x96": _contents("<Q", bytearray),
        "(": _Reader.mark,
        "0": _Reader.pop,
        "1": lambda reader: reader.marked() and None,
        "2": _Reader.dup,
        ")": lambda reader: reader.push(()),
        "\x85": lambda reader: reader.tuple_of(1),
        "\x86": lambda reader: reader.tuple_of(2),
        "\x87": lambda reader: reader.tuple_of(3),
        "t": lambda reader: reader.push(tuple(reader.marked())),
        "]": lambda reader: reader.push([]),
        "l": lambda reader: reader.push(reader.marked()),
        "a": _Reader.append,
        "e": _Reader.appends,
        "}": lambda reader: reader.push({}),
        "d": _Reader.dictionary,
        "s": _Reader.set_item,
        "u": _Reader.set_items,
        "\x8f": lambda reader: reader.push(set()),
        "\x90": _Reader.add_items,
        "\x91": _Reader.frozenset,
        "g": lambda reader: reader.get(int(reader.line())),
        "h": _Reader.get_short,
        "j": lambda reader: reader.get(reader.number("<I")),
        "p": lambda reader: reader.put(int(reader.line())),
        "q": lambda reader: reader.put(reader.number("<B")),
        "r": lambda reader: reader.put(reader.number("<I")),
        "\x94": _Reader.memoize,
        "c": lambda reader: reader.name(reader.line().decode(), reader.line().decode()),
        "\x93": _Reader.stack_name,
        "R": _Reader.reduce,
        "b": _Reader.build,
    }.items()
}
