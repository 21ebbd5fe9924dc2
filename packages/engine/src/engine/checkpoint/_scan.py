"""Check of a checkpoint's pickle before it is loaded.

`torch.load` with `weights_only=True` runs no code of others. But what it calls may be told to
allocate any amount of memory, and what is nested too deeply ends the interpreter. So the pickle is
followed first with stand-ins for values, which cost no more than the file.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import IO, Any

import torch
from torch import Tensor

from engine.fileio._numpy_stand_ins import Array, StandIn

_ZIP = b"PK\x03\x04"
MAX_DEPTH = 100
"""How many dictionaries and lists may be within each other."""

_MAX_KEY = 1000
_CALLED = frozenset(
    [
        "_codecs.encode",
        "builtins.bytearray",
        "builtins.complex",
        "builtins.set",
        "collections.Counter",
        "collections.OrderedDict",
        "torch.Size",
        "torch.device",
        "torch._tensor._rebuild_from_type_v2",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
    ]
)
_REBUILT = "torch._utils._rebuild_"
_OLD_MODULES = {"__builtin__": "builtins"}
_LEAVES = frozenset(["NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2"]) | frozenset(
    ["BINFLOAT", "BINUNICODE", "LONG1", "SHORT_BINSTRING"]
)
_EMPTY = frozenset(["EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"])
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class BadContent(ValueError):
    """Something in a file that no checkpoint has; the text says what, of `it`, the file."""


class _Value:
    """A value that would be there.

    Attributes:
        depth: How many containers are around its innermost value, itself included.
        name: The dotted name of a class or function.
        parts: The items of a tuple.
        plain: A number or a text.
        weight: How many values a tuple has with all in it, or the heaviest thing in others.
    """

    __slots__ = ("depth", "name", "parts", "plain", "weight")

    def __init__(
        self,
        depth: int = 0,
        name: str = "",
        parts: Sequence[_Value] = (),
        plain: object = None,
    ) -> None:
        self.depth = depth
        self.name = name
        self.parts = parts
        self.plain = plain
        self.weight: int = 1 + sum(each.weight for each in parts)


def check_file(path: Path, allowed: frozenset[str]) -> bool:
    """Check that to load a file takes no more memory than a few times its size.

    Args:
        path: The file, in one of torch's two formats.
        allowed: More names that a checkpoint may call than those that torch itself puts in.

    Returns:
        Whether it is of the newer format, a ZIP archive.

    Raises:
        BadContent: If it isn't so, or if this is no such file; it says what is wrong.
    """
    with path.open("rb") as file:
        return check_stream(file, path.stat().st_size, allowed)


def check_stream(file: IO[bytes], size: int, allowed: frozenset[str]) -> bool:
    """Check an open file of some size in bytes, as `check_file` does."""
    if file.read(len(_ZIP)) == _ZIP:
        _Scan(size, allowed).follow(_pickle_in(file, size))
        return True
    file.seek(0)
    scan = _Scan(size, allowed)
    for _ in range(5):  # a magic number, a version, facts, the content, the keys of storages
        scan.follow(file)
    return False


def _pickle_in(file: IO[bytes], size: int) -> bytes:
    with zipfile.ZipFile(file) as archive:
        records = archive.infolist()
        if any(each.compress_type != zipfile.ZIP_STORED for each in records):
            raise BadContent("its records are compressed")
        if sum(each.file_size for each in records) > size:
            raise BadContent("its records are larger than the file")
        found = [each for each in records if each.filename.split("/", 1)[-1] == "data.pkl"]
        if len(found) != 1:
            raise BadContent("it has no data.pkl")
        return archive.read(found[0])


class _Scan:
    """Follows pickles.

    Args:
        size: The size of the file, in bytes.
        allowed: More names that may be called.
    """

    def __init__(self, size: int, allowed: frozenset[str]) -> None:
        self._allowed = allowed | _CALLED
        self._size = size
        self._storages: dict[object, int] = {}
        self._stored = 0

    def follow(self, data: bytes | IO[bytes]) -> None:
        """Follow one pickle to its end.

        Raises:
            BadContent: If it is none, or would make what a checkpoint may not hold.
        """
        stack: list[_Value] = []
        marks: list[list[_Value]] = []
        memo: dict[object, _Value] = {}
        for opcode, argument, _ in pickletools.genops(data):
            name = opcode.name
            if name == "MARK":
                marks.append(stack)
                stack = []
            elif name in ("TUPLE", "APPENDS", "SETITEMS"):
                items, stack = stack, marks.pop()
                if name == "TUPLE":
                    stack.append(_holder(items))
                else:
                    _grow(stack[-1], items, keys=items[::2] if name == "SETITEMS" else ())
            elif name in ("BINGET", "LONG_BINGET"):
                stack.append(memo[argument])
            elif name in ("BINPUT", "LONG_BINPUT"):
                memo[argument] = stack[-1]
            else:
                self._step(name, argument, stack)

    def _step(self, name: str, argument: object, stack: list[_Value]) -> None:
        """Follow an instruction that needs the values on the stack alone."""
        if name in _LEAVES:
            stack.append(_Value(plain=argument))
        elif name in _EMPTY:
            stack.append(_Value(1))
        elif name in _TUPLES:
            items = [stack.pop() for _ in range(_TUPLES[name])]
            stack.append(_holder(items[::-1]))
        elif name == "APPEND":
            item = stack.pop()
            _grow(stack[-1], [item])
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            _grow(stack[-1], [key, value], keys=[key])
        elif name == "GLOBAL":
            module, _, kind = str(argument).partition(" ")
            stack.append(_Value(name=f"{_OLD_MODULES.get(module, module)}.{kind}"))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, function = stack.pop(), stack.pop()
            self._check_call(function.name, arguments.parts)
            _check_keys(arguments.parts)
            stack.append(_Value(max(1, arguments.depth)))
        elif name == "BUILD":
            state = stack.pop()
            _grow(stack[-1], [state])
        elif name == "BINPERSID":
            self._check_storage(stack.pop().parts)
            stack.append(_Value())
        elif name not in ("PROTO", "STOP"):
            raise BadContent(f"it has the instruction {name}, which no checkpoint needs")

    def _check_call(self, name: str, arguments: Sequence[_Value]) -> None:
        if name.startswith(_REBUILT):
            return
        if name not in self._allowed:
            raise UnpicklingError(f"GLOBAL {name or None}")
        if name == "builtins.bytearray" and any(type(each.plain) is int for each in arguments):
            raise BadContent("it would allocate memory of any size")
        if name == "_codecs.encode" and [each.plain for each in arguments][1:] != ["latin1"]:
            raise BadContent("it would encode a text by other than latin1")
        for each in arguments:
            if each.name in ("builtins.bytearray", "_codecs.encode"):
                raise BadContent(f"it would hand {each.name} to {name}")
        if name.endswith("_rebuild_from_type_v2") and not arguments[0].name.startswith(_REBUILT):
            raise BadContent(f"it would hand {arguments[0].name} to {name}")

    def _check_storage(self, pid: Sequence[_Value]) -> None:
        """Check that what is to hold tensors is not larger than the file."""
        if len(pid) < 5 or not isinstance(pid[4].plain, int) or pid[4].plain < 0:
            raise BadContent("a storage of its tensors has no size")
        key, numel = pid[2].plain, pid[4].plain
        self._stored += numel - self._storages.get(key, 0)
        self._storages[key] = numel
        if self._stored > 8 * self._size:  # of types with less than a byte
            raise BadContent("its tensors are larger than the file")


def _check_keys(keys: Sequence[_Value]) -> None:
    """Check what may be hashed, which takes a time that grows with all that is in it."""
    if any(key.weight > _MAX_KEY for key in keys):
        raise BadContent("a key in it is made of too many values")


def _holder(items: list[_Value]) -> _Value:
    new = _Value(1, parts=items)
    _grow(new, items)
    return new


def _grow(holder: _Value, items: Sequence[_Value], keys: Sequence[_Value] = ()) -> None:
    """Note that a container gets items, some of them as keys."""
    _check_keys(keys)
    if not holder.parts:
        holder.weight = max([holder.weight, *(each.weight for each in items)])
    holder.depth = max(holder.depth, 1 + max((each.depth for each in items), default=0))
    if holder.depth > MAX_DEPTH:
        raise BadContent(f"it is nested more than {MAX_DEPTH} levels deep")


def settled(content: object, size: int) -> Any:
    """Return what was loaded, with real arrays in place of stand-ins.

    It is a tree then, as the code that copies it must be able to assume.

    Args:
        content: Tensors and plain data, which is changed.
        size: The size of the file, in bytes.

    Raises:
        BadContent: If something is within itself, or a few bytes of the file stand for very much.
    """
    return _Settler(size).settled(content)[0]


class _Settler:
    def __init__(self, size: int) -> None:
        self._most = 16 * size + 2**20  # weights may be shared, and small tensors expanded
        self._done: dict[int, tuple[Any, int]] = {}
        self._is_open: set[int] = set()
        self._kept: list[object] = []

    def settled(self, value: Any) -> tuple[Any, int]:
        """Return a value, and how many bytes and values a copy of it has, counted in each place."""
        key = id(value)
        if key in self._done:
            return self._done[key]
        if key in self._is_open:
            raise BadContent("something in it is within itself")
        self._is_open.add(key)
        self._kept.append(value)  # so that no other gets its identity
        new, weight = self._settled(value)
        if weight > self._most:
            raise BadContent("a few bytes of it stand for very many")
        self._is_open.discard(key)
        self._done[key] = new, weight
        return new, weight

    def _settled(self, value: Any) -> tuple[Any, int]:
        if isinstance(value, Tensor):
            is_dense = value.layout is torch.strided and not value.is_meta
            return value, 1 + (value.numel() * value.element_size() if is_dense else 0)
        if isinstance(value, Array):
            return value.real(), 1
        if isinstance(value, StandIn):
            return value, 1 + self._changed(vars(value), list(vars(value).items()))
        if isinstance(value, dict):
            return value, 1 + self._changed(value, list(value.items())) + len(value)
        if isinstance(value, list):
            return value, 1 + self._changed(value, list(enumerate(value)))
        if type(value) is tuple:
            pairs = [self.settled(each) for each in value]
            return tuple(new for new, _ in pairs), 1 + sum(weight for _, weight in pairs)
        return value, 1 + (len(value) if isinstance(value, (str, bytes, set)) else 0)

    def _changed(self, holder: Any, items: Iterable[tuple[Any, Any]]) -> int:
        """Settle the values in a container, and return what they weigh."""
        total = 0
        for key, value in items:
            new, weight = self.settled(value)
            total += weight
            if total > self._most:
                break
            if new is not value:
                holder[key] = new
        return total
