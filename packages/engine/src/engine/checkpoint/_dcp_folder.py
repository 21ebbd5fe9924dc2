"""Reading of folders that `torch.distributed.checkpoint` wrote for another program.

Its file `.metadata` is a pickle. Here it is read with stand-ins of no effect for the few classes
that belong in it, and with nothing else, so that nothing in it is executed.
"""

from __future__ import annotations

import io
import math
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ._file import CheckpointError, Location, load_stream

DCP_METADATA = ".metadata"
_PACKAGE = "torch.distributed.checkpoint"


class _Node:
    """Stands for an object: its arguments, and its attributes where it has some."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def get(self, name: str) -> Any:
        """Return an attribute.

        Raises:
            KeyError: If it has none of this name.
        """
        return self.state[name]


_CLASSES = {
    **{
        f"{_PACKAGE}.metadata.{name}": name
        for name in (
            "BytesStorageMetadata",
            "ChunkStorageMetadata",
            "Metadata",
            "MetadataIndex",
            "StorageMeta",
            "TensorProperties",
            "TensorStorageMetadata",
            "_MEM_FORMAT_ENCODING",
        )
    },
    f"{_PACKAGE}.filesystem._StorageInfo": "_StorageInfo",
    "torch.serialization._get_layout": "layout",
    **{
        f"{module}.{name}": "path"
        for module in ("pathlib", "pathlib._local")
        for name in ("PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath")
    },
}
_DTYPES = {
    name: each for name in dir(torch) if isinstance(each := getattr(torch, name), torch.dtype)
}


class _Unpickler(pickle.Unpickler):
    """Resolves what the metadata need; each time to new classes, which no pickle can change."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self._made: dict[str, Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in for a class, or a data type."""
        full = f"{module}.{name}"
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if full == "torch.Size":
            return tuple
        if full not in _CLASSES:
            raise pickle.UnpicklingError(f"it holds {full}, which does not belong in it")
        if full not in self._made:
            self._made[full] = type(_CLASSES[full], (_Node,), {})
        return self._made[full]

    def persistent_load(self, pid: Any) -> Any:
        """Refuse what is stored elsewhere."""
        raise pickle.UnpicklingError("it names what is stored elsewhere")


def read_dcp_folder(name: str, map_location: Location = "cpu") -> dict[str, Any]:
    """Return what such a folder holds; what is under `model` is also under `state_dict`.

    Args:
        name: The local folder.
        map_location: The device to which its tensors go; None means main memory.

    Raises:
        CheckpointError: If it can't be read, or names what does not belong in it.
    """
    file = Path(name) / DCP_METADATA
    try:
        metadata = _Unpickler(file.read_bytes()).load()
        facts = {key: _kind(each) for key, each in metadata.get("state_dict_metadata").items()}
        paths = metadata.state.get("planner_data") or {}
        places = _places(Path(name), metadata.get("storage_data"))
    except CheckpointError:
        raise
    except Exception as error:  # whatever is in the file
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"{file} can't be read: {reason}") from error
    content: dict[str, Any] = {}
    for key, shape_and_type in facts.items():
        value = _Item(name, key, places.get(key, [])).read(shape_and_type, map_location)
        _put(content, paths.get(key, (key,)), value, name)
    if "state_dict" not in content and isinstance(content.get("model"), Mapping):
        content["state_dict"] = content["model"]
    return content


_Tensor = tuple[tuple[int, ...], torch.dtype]
_Place = tuple[tuple[int, ...] | None, Path, int, int]


def _kind(node: _Node) -> _Tensor | None:
    """Return the shape and type of a tensor, and None for other data."""
    if type(node).__name__ != "TensorStorageMetadata":
        return None
    shape, dtype = node.get("size"), node.get("properties").state[0]
    if not isinstance(dtype, torch.dtype) or any(type(each) is not int for each in shape):
        raise ValueError("a tensor in it has no shape or type")
    return tuple(shape), dtype


def _places(folder: Path, storage: Mapping[_Node, _Node]) -> dict[str, list[_Place]]:
    """Return by key the offset of each part, and its file and place there."""
    root = os.path.realpath(folder)
    found: dict[str, list[_Place]] = {}
    for index, info in storage.items():
        name = info.get("relative_path")
        path = Path(os.path.realpath(folder / name))
        if not path.is_relative_to(root) or path == Path(root):
            raise ValueError(f"it names the file {name!r}, which is outside of the folder")
        if info.state.get("transform_descriptors"):
            raise ValueError(f"{name} is compressed or encrypted, which is not supported")
        at, length = info.get("offset"), info.get("length")
        if type(at) is not int or type(length) is not int or at < 0 or length < 0:
            raise ValueError(f"it has no place in {name}")
        offset = index.state.get("offset")
        found.setdefault(index.get("fqn"), []).append((offset, path, at, length))
    return found


class _Item:
    """A value in a folder.

    Args:
        folder: The name of the folder.
        key: The key of the value.
        places: Where its parts are.
    """

    def __init__(self, folder: str, key: str, places: list[_Place]) -> None:
        self._folder = folder
        self._key = key
        self._places = places

    def read(self, tensor: _Tensor | None, map_location: Location) -> Any:
        """Return the value, a tensor put together of its parts.

        Args:
            tensor: Its shape and type; None for other data.
            map_location: The device of tensors.
        """
        if tensor is None:
            if len(self._places) != 1:
                raise self._error("is nowhere in its files")
            return self._load(self._places[0], map_location)
        shape, dtype = tensor
        parts = [(place[0], self._load(place, "cpu")) for place in self._places]
        count = sum(part.numel() for _, part in parts if isinstance(part, Tensor))
        if count != math.prod(shape):
            raise self._error(f"has {count} values in its files, and not those of {shape}")
        whole = torch.zeros(shape, dtype=dtype, device=map_location or "cpu")
        for offset, part in parts:
            start = offset or (0,) * len(shape)
            if not isinstance(part, Tensor) or part.dtype != dtype or part.ndim != len(shape):
                raise self._error("is not in its files what the metadata say")
            box = tuple(slice(at, at + size) for at, size in zip(start, part.shape, strict=True))
            if whole[box].shape != part.shape:
                raise self._error("has a part that is outside of it")
            whole[box] = part
        return whole

    def _load(self, place: _Place, map_location: Location) -> Any:
        _, path, at, length = place
        try:
            with path.open("rb") as file:
                file.seek(at)
                content = file.read(min(length, path.stat().st_size))
        except OSError as error:
            raise self._error(f"can't be read: {error.strerror}") from error
        if len(content) != length:
            raise self._error(f"is cut short in {path.name}")
        return load_stream(content, f"{self._folder} ({path.name}, {self._key})", map_location)

    def _error(self, problem: str) -> CheckpointError:
        return CheckpointError(f"{self._folder} can't be read: {self._key} {problem}")


def _put(content: dict[str, Any], path: Any, value: Any, name: str) -> None:
    """Put a value into nested dictionaries; the items of a list get their numbers as keys."""
    if not isinstance(path, (tuple, list)) or not path:
        raise CheckpointError(f"{name} can't be read: its metadata give a value no place")
    holder = content
    for step in path[:-1]:
        holder = holder.setdefault(step, {})
        if not isinstance(holder, dict):
            raise CheckpointError(f"{name} can't be read: its metadata give two values one place")
    holder[path[-1]] = value
