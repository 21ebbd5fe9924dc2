"""Reading of checkpoint folders, whole or the shards of a process alone."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
from torch.distributed.checkpoint.metadata import Metadata, TensorStorageMetadata

from engine.fileio import copyfile_to_local, get_text, join_path
from engine.utils import is_url

from ._file import CheckpointError, CheckpointNotFoundError, Location, read_file
from ._folder_layout import MANIFEST, STATE, Manifest, ShardLike, process_file, put
from ._safetensors import SUFFIX, require_safetensors


class CheckpointFolder:
    """A checkpoint folder, whose manifest was read.

    Args:
        name: Its name, or a URL for fsspec.
        backend_args: Options of the file system behind a URL.

    Attributes:
        manifest: What it says about itself.

    Raises:
        CheckpointError: If there is no manifest, or it can't be used.
    """

    def __init__(self, name: str | Path, backend_args: Mapping[str, Any] | None = None) -> None:
        self.name: str = os.fspath(name)
        self._backend_args = backend_args
        file = join_path(self.name, MANIFEST)
        try:
            self.manifest: Manifest = Manifest.loads(get_text(file, backend_args=backend_args))
        except FileNotFoundError:
            raise CheckpointNotFoundError(
                f"there is no checkpoint {self.name}: the folder has no {MANIFEST}, which is "
                "written last"
            ) from None
        except ValueError as error:
            raise CheckpointError(f"{file} can't be used: {error}") from None

    def read_facts(self, verify: bool = True) -> dict[str, Any]:
        """Return all but the values of the tensors and the state of processes.

        Args:
            verify: Whether all files are read once, and held against the manifest; their sizes
                are in any case. Of a URL it is the file with the plain data alone.

        Raises:
            CheckpointError: If something can't be read, or is not what was written.
        """
        with self._local([STATE] if is_url(self.name) else [*self.manifest.files]) as root:
            self._verify(root, [STATE] if is_url(self.name) else self.manifest.files, verify)
            content, places = self._read_state(root)
        for entries in places.values():
            for path, shape, dtype in entries.values():
                self._put(content, path, torch.empty(shape, dtype=dtype, device="meta"))
        return content

    def read(
        self,
        map_location: Location = "cpu",
        mmap: bool = False,
        like: ShardLike | None = None,
        rank: int | None = None,
        verify: bool = True,
    ) -> dict[str, Any]:
        """Return what the folder holds; nothing in it is executed.

        Args:
            map_location: The device to which whole tensors go; None means main memory.
            mmap: Whether whole tensors stay in the files until they are used.
            like: Which tensors are sharded, and how; of these each process reads its shards.
            rank: The process whose state is read; None means those of all.
            verify: Whether the files are held against the hashes in the manifest.

        Raises:
            CheckpointError: If something can't be read, or is not what was written.
        """
        names = [
            each
            for each in self.manifest.files
            if rank is None or "/" in each or each in (STATE, process_file(rank))
        ]
        with self._local(names) as root:
            self._verify(root, names, verify)
            content, places = self._read_state(root)
            for folder, entries in places.items():
                part = _Part(root / folder, self._files_of(root, folder), self._error)
                targets = {name: _target(like, *entry) for name, entry in entries.items()}
                stays = mmap and not is_url(self.name)
                tensors = part.read(entries, targets, map_location, stays)
                for name, (path, _, _) in entries.items():
                    self._put(content, path, tensors[name])
            content["processes"] = [
                read_file(root / process_file(each), map_location) if rank in (None, each) else {}
                for each in range(self.manifest.world_size)
            ]
        return content

    @contextmanager
    def _local(self, names: Iterable[str]) -> Iterator[Path]:
        """Give the path of a local folder that has some of the files."""
        if not is_url(self.name):
            yield Path(self.name)
            return
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                target = Path(folder) / name
                target.parent.mkdir(exist_ok=True)
                try:
                    source = join_path(self.name, name)
                    copyfile_to_local(source, str(target), self._backend_args)
                except FileNotFoundError:
                    raise self._error(name, "is missing") from None
            yield Path(folder)

    def _verify(self, root: Path, names: Iterable[str], hashes: bool) -> None:
        for name in names:
            facts, path = self.manifest.files[name], root / name
            if not path.is_file():
                raise self._error(name, "is missing")
            if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
                raise self._error(name, "is a link that leads out of it")
            if (size := path.stat().st_size) != facts["size"]:
                raise self._error(name, f"has {size} bytes, and {facts['size']} were written")
        for name in names if hashes else ():
            with (root / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != self.manifest.files[name]["sha256"]:
                raise self._error(name, "is not what was written: its SHA-256 differs")

    def _files_of(self, root: Path, folder: str) -> list[str]:
        """Return the files with the tensors of a part, of which there may be no others."""
        start = f"{folder}/"
        names = {each.removeprefix(start) for each in self.manifest.files if each.startswith(start)}
        found = [each.name for each in (root / folder).iterdir()] if names else []
        for name in found:
            if name not in names and name.endswith(SUFFIX):
                raise self._error(f"{folder}/{name}", "is not in its manifest")
        return sorted(names)

    def _read_state(self, root: Path) -> tuple[dict[str, Any], dict[str, _Entries]]:
        """Return the plain data, and the places of the tensors in it by part and name."""
        state = read_file(root / STATE)
        content, places = state.get("content"), state.get("tensors")
        try:
            entries = {
                str(folder): {str(name): _entry(**each) for name, each in part.items()}
                for folder, part in places.items()  # type: ignore[union-attr]  # caught below
            }
        except (AttributeError, TypeError, ValueError):
            raise self._error(STATE, "does not say where the tensors belong") from None
        if not isinstance(content, dict):
            raise self._error(STATE, "holds no checkpoint")
        for folder in entries:
            if not any(each.startswith(f"{folder}/") for each in self.manifest.files):
                raise self._error(STATE, f"names tensors in {folder!r}, of which there is no file")
        return content, entries

    def _put(self, content: dict[str, Any], path: list[Any], tensor: Tensor) -> None:
        try:
            put(content, path, tensor)
        except (LookupError, TypeError):
            raise self._error(STATE, f"has no place for the tensor at {path!r}") from None

    def _error(self, file: str, problem: str) -> CheckpointError:
        return CheckpointError(f"{self.name} can't be read: {file} in it {problem}")


_MOST = 2**50  # values in a tensor
_Entry = tuple[list[Any], torch.Size, torch.dtype]
_Entries = dict[str, _Entry]


def _entry(path: list[Any], shape: list[int], dtype: str) -> _Entry:
    """Return where a tensor belongs, its shape and its type, all of them checked."""
    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype) or not isinstance(path, list) or not path:
        raise TypeError
    if any(type(each) is not int or each < 0 for each in shape) or prod(shape) > _MOST:
        raise ValueError
    return path, torch.Size(shape), kind


def _target(
    like: ShardLike | None, path: list[Any], shape: torch.Size, dtype: torch.dtype
) -> Tensor | None:
    sharded = None if like is None else like(tuple(path), shape)
    return None if sharded is None else torch.empty_like(sharded, dtype=dtype).detach()


class _Part:
    """The tensors of a part of a checkpoint, such as the model.

    Args:
        folder: The local folder.
        files: The files in it.
        error: Makes an error of a file and of what is wrong with it.
    """

    def __init__(
        self, folder: Path, files: list[str], error: Callable[[str, str], CheckpointError]
    ) -> None:
        require_safetensors()
        self._folder = folder
        self._error = error
        self._reader = HuggingFaceStorageReader(str(folder))
        try:
            self._metadata: Metadata = self._reader.read_metadata()
        except Exception:  # noqa: BLE001  # whatever is in the file
            raise error(f"{folder.name}/{self._broken(files)}", "is no safetensors file") from None
        self._reader.set_up_storage_reader(self._metadata, is_coordinator=True)

    def _broken(self, files: list[str]) -> str:
        """Return the first file that can't be read."""
        for name in files:
            try:
                with require_safetensors().safe_open(self._folder / name, framework="pt"):
                    pass
            except Exception:  # noqa: BLE001  # as above
                return name
        return files[0]

    def read(
        self,
        entries: _Entries,
        targets: Mapping[str, Tensor | None],
        map_location: Location,
        mmap: bool,
    ) -> dict[str, Tensor]:
        """Return the tensors by name.

        Args:
            entries: The shape and type of each.
            targets: Where they are read to; None means a tensor that is whole.
            map_location: The device of those.
            mmap: Whether those stay in their files.
        """
        known = {name: self._checked(name, *entry[1:]) for name, entry in entries.items()}
        sharded: dict[str, Any] = {}
        whole: dict[str, list[str]] = {}
        for index, where in self._reader.storage_data.items():
            name = index.fqn
            if name not in entries or name in sharded:
                continue
            if (target := targets[name]) is not None:
                sharded[name] = target
            elif len(known[name].chunks) == 1:
                whole.setdefault(where.relative_path, []).append(name)
            else:
                _, shape, dtype = entries[name]
                sharded[name] = torch.zeros(shape, dtype=dtype, device=map_location or "cpu")
        if sharded:
            planner = DefaultLoadPlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
            planner.set_up_planner(sharded, self._metadata, is_coordinator=True)
            plan = planner.finish_plan(planner.create_local_plan())
            self._reader.read_data(plan, planner).wait()
        mapped = {
            name: tensor if mmap else tensor.clone()
            for name, tensor in self._mapped(whole, map_location)
        }
        return {**sharded, **mapped}

    def _checked(self, name: str, shape: torch.Size, dtype: torch.dtype) -> TensorStorageMetadata:
        """Return what the files say about a tensor: the parts of it must make up the whole."""
        found = self._metadata.state_dict_metadata.get(name)
        if not isinstance(found, TensorStorageMetadata):
            raise self._error(f"{self._folder.name}/", f"has no tensor {name!r}")
        parts = sum(prod(each.sizes) for each in found.chunks)
        if found.size != shape or found.properties.dtype != dtype or parts != prod(shape):
            raise self._error(
                f"{self._folder.name}/", f"has not all of the tensor {name!r} {tuple(shape)}"
            )
        return found

    def _mapped(
        self, whole: Mapping[str, list[str]], map_location: Location
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield tensors that are whole in a file, and stay in it if they are in main memory."""
        library = require_safetensors()
        for file, names in whole.items():
            with library.safe_open(
                file, framework="pt", device=str(map_location or "cpu")
            ) as opened:
                for name in names:
                    yield name, opened.get_tensor(name)
