"""Checkpoint folders: their files, the manifest, and tensors apart from plain data."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from engine.fileio import join_path, remove, rmtree
from engine.utils import is_url

ShardLike = Callable[[tuple[Any, ...], torch.Size], Tensor | None]
"""Gives the tensor that is sharded as the one at a path of a checkpoint is to be, or None."""

MANIFEST = "manifest.json"
STATE = "state.pth"
PARTIAL = ".partial"
"""How the name of a folder ends that is being written."""

FORMER = ".former"
"""How the name of a folder ends that is being replaced."""

VERSION = 1
_FOLDERS = {"state_dict": "model"}
_LARGE = 2**20  # bytes
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_FILE = re.compile(
    rf"state\.pth|process_\d{{5,}}\.pth|{_NAME.pattern}/{_NAME.pattern}\.safetensors"
)
_DTYPES = frozenset(
    [
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    ]
)

Path_ = tuple[Any, ...]
Tensors = dict[str, dict[str, Tensor]]


def process_file(rank: int) -> str:
    """Return the name of the file with the state of a process."""
    return f"process_{rank:05}.pth"


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint folder says about itself; it is written last.

    Attributes:
        files: The size in bytes and the SHA-256 of each file, by its name in the folder.
        world_size: The number of processes that wrote it.
        mesh: The size of each dimension of the device mesh, by its name; None without shards.
        epoch: The epochs that were done.
        iter: The iterations that were done.
        engine_version: The version of engine.
        torch_version: The version of torch.
        version: That of the layout of the folder.
    """

    files: dict[str, dict[str, Any]]
    world_size: int
    mesh: dict[str, int] | None
    epoch: int | None
    iter: int | None
    engine_version: str
    torch_version: str
    version: int = VERSION

    def dumps(self) -> str:
        """Return the manifest as JSON."""
        facts = asdict(self)
        facts["files"] = facts.pop("files")  # the longest comes last
        return json.dumps(facts, indent=2)

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return the manifest that a text holds.

        Raises:
            ValueError: If it holds none, or names what is not a file of such a folder; the text
                says what is wrong with it.
        """
        try:
            facts = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("it is no JSON") from error
        known = cls.__dataclass_fields__
        if not isinstance(facts, dict) or not isinstance(facts.get("version"), int):
            raise ValueError("it is no manifest of a checkpoint")
        if facts["version"] > VERSION:
            raise ValueError(
                f"it was written by a newer engine ({facts.get('engine_version')}): layout "
                f"{facts['version']}, and this one reads up to {VERSION}"
            )
        if missing := [key for key in known if key not in facts]:
            raise ValueError(f"it has no {', '.join(missing)}")
        manifest = cls(**{key: facts[key] for key in known})
        manifest._check()
        return manifest

    def _check(self) -> None:
        if type(self.world_size) is not int or not isinstance(self.files, dict):
            raise ValueError("its world_size or its files can't be used")
        for name, facts in self.files.items():
            if not _FILE.fullmatch(name):
                raise ValueError(f"it names {name!r}, which is no file of a checkpoint")
            if not isinstance(facts, dict) or type(facts.get("size")) is not int:
                raise ValueError(f"it has no size of {name}")
            if not isinstance(facts.get("sha256"), str):
                raise ValueError(f"it has no SHA-256 of {name}")
        if STATE not in self.files:
            raise ValueError(f"it names no {STATE}")
        if lacking := [
            process_file(rank)
            for rank in range(min(self.world_size, len(self.files) + 1))
            if process_file(rank) not in self.files
        ]:
            raise ValueError(f"it names no {lacking[0]}, and {self.world_size} processes wrote it")


def remove_abandoned_folders(folder: str | Path) -> list[str]:
    """Remove the checkpoint folders that a process which was killed had begun to write or remove.

    One that was about to be replaced gets its name back.

    Args:
        folder: The local folder in which they are.

    Returns:
        The names of those that were removed.
    """
    removed = []
    for path in sorted(Path(folder).glob(f"*{FORMER}")):
        if is_checkpoint_folder(path) and not (named := path.with_suffix("")).exists():
            path.rename(named)
    for path in sorted(Path(folder).glob("*")):
        if path.name.endswith((PARTIAL, FORMER)) and is_checkpoint_folder(path):
            shutil.rmtree(path)
            removed.append(path.name)
    return removed


def remove_folder(name: str, backend_args: Mapping[str, Any] | None = None) -> None:
    """Remove a checkpoint folder; if that is interrupted, it is no checkpoint any more.

    Args:
        name: Its name, or a URL for fsspec.
        backend_args: Options of the file system behind a URL.
    """
    if is_url(name):
        remove(join_path(name, MANIFEST), backend_args)
        rmtree(name, backend_args)
        return
    path = Path(name)
    if not is_checkpoint_folder(path):
        raise OSError(f"{name} is not removed: it holds more than a checkpoint")
    rmtree(str(path.replace(f"{name}{PARTIAL}")))


def is_checkpoint_folder(folder: Path) -> bool:
    """Return whether a folder has files of a checkpoint alone, and no links."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    files = [each for each in folder.rglob("*") if each.is_symlink() or not each.is_dir()]
    return all(
        _FILE.fullmatch(name := each.relative_to(folder).as_posix())
        or name == MANIFEST
        or name.endswith(".engine.tmp")
        for each in files
    )


def split(checkpoint: Mapping[str, Any]) -> tuple[dict[str, Any], Tensors]:
    """Return the plain data of a checkpoint, and its tensors by folder and name.

    These are the weights, the state of the optimizer, and what else is sharded or large. In the
    place of a tensor is None; `tensors` of the plain data says where each belongs, and its shape
    and type. What safetensors can't hold stays with the plain data.

    Args:
        checkpoint: Tensors and plain data; it is not changed.

    Raises:
        ValueError: If a shard of a tensor is where it can't be written.
    """
    tensors: Tensors = {}
    places: dict[str, dict[str, Any]] = {}
    plain: dict[str, Any] = {}
    for key, value in checkpoint.items():
        if key == "processes":
            continue
        found: dict[Path_, Tensor] = {}
        taken = _take(value, (), found) if isinstance(value, Mapping) else value
        folder = _FOLDERS.get(key, key)
        if not _is_part(key, found) or not _NAME.fullmatch(folder):
            plain[key] = value
            continue
        plain[key] = taken
        names = _names(found)
        tensors[folder] = {names[path]: tensor for path, tensor in found.items()}
        places[folder] = {
            names[path]: {
                "path": [key, *path],
                "shape": [*tensor.shape],
                "dtype": str(tensor.dtype).removeprefix("torch."),
            }
            for path, tensor in found.items()
        }
    return {"content": plain, "tensors": places}, tensors


def _is_part(key: str, found: Mapping[Path_, Tensor]) -> bool:
    """Return whether the tensors under a key get a folder: shards do, and what is large."""
    if any(hasattr(each, "device_mesh") for each in found.values()):
        return True
    size = sum(each.numel() * each.element_size() for each in found.values())
    return bool(found) and (key in ("state_dict", "optimizer") or size > _LARGE)


def _take(value: Any, path: Path_, found: dict[Path_, Tensor]) -> Any:
    """Return a value without its tensors, which are added to `found`."""
    if isinstance(value, Tensor):
        if value.layout is not torch.strided or value.dtype not in _DTYPES:
            if hasattr(value, "device_mesh"):
                name = ".".join(map(str, path))
                raise ValueError(f"a shard of {value.dtype} ({name}) can't be saved in a folder")
            return value
        found[path] = value
        return None
    if isinstance(value, dict):
        taken = copy.copy(value)  # it may be ordered, and have versions of modules
        for key, each in value.items():
            taken[key] = _take(each, (*path, key), found)
        return taken
    if isinstance(value, list):
        return [_take(each, (*path, index), found) for index, each in enumerate(value)]
    return value


def _names(found: Mapping[Path_, Tensor]) -> dict[Path_, str]:
    """Return a name for each path; that of a weight is its key."""
    names: dict[Path_, str] = {}
    taken: set[str] = set()
    for path in found:
        name = plain = ".".join(map(str, path))
        number = 1
        while name in taken:
            name, number = f"{plain}#{number}", number + 1
        taken.add(name)
        names[path] = name
    return names


def put(content: dict[str, Any], path: list[Any], value: Any) -> None:
    """Put a value into its place among plain data.

    Raises:
        LookupError: If there is no such place.
    """
    holder: Any = content
    for step in path[:-1]:
        holder = holder[step]
    if holder[path[-1]] is not None:
        raise KeyError(path[-1])
    holder[path[-1]] = value
