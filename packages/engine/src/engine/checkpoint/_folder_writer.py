"""Writing of checkpoint folders, by all processes together."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
from torch.distributed.checkpoint.planner import SavePlan, WriteItem
from torch.distributed.tensor import DTensor

from engine import __version__
from engine.dist import (
    broadcast_object_list,
    gather_object,
    get_rank,
    get_saving_group,
    get_world_size,
    is_main_process,
)
from engine.fileio import (
    atomic_write,
    copyfile_from_local,
    exists,
    join_path,
    put_text,
    remove,
    replace_folder,
)
from engine.utils import is_url

from ._file import CheckpointError, reason_of
from ._folder_layout import (
    FORMER,
    MANIFEST,
    PARTIAL,
    STATE,
    Manifest,
    Tensors,
    is_checkpoint_folder,
    process_file,
    split,
)
from ._safetensors import require_safetensors

Room = dict[str, dict[Any, Tensor]]
"""Memory for the copies of tensors, by the names of parts and of tensors."""


class FolderSave:
    """The saving of a checkpoint folder: its content is taken at once, and written by `write`.

    All processes make it together. The first process writes the plain data and the tensors that
    are whole, and each one its shards and its own state.

    Args:
        checkpoint: Tensors and plain data; `processes` is not written.
        process: The state of this process.
        folder: The name of the folder, or a URL for fsspec.
        backend_args: Options of the file system behind a URL.
        committed: Called in the first process once the checkpoint is there.
        room: Where tensors are copied to, for saves that follow each other: each takes the memory
            of the one before, which must be written by then. None means memory of its own.

    Raises:
        ImportError: If safetensors is missing.
        CheckpointError: If something else is in the place of the folder, or it can't be made.
    """

    def __init__(
        self,
        checkpoint: Mapping[str, Any],
        process: Mapping[str, Any],
        folder: str,
        backend_args: Mapping[str, Any] | None = None,
        committed: Callable[[], object] | None = None,
        room: Room | None = None,
    ) -> None:
        require_safetensors()
        self.folder = folder
        self._room = room
        self._backend_args = backend_args
        self._committed = committed
        self._group = get_saving_group()
        plain, tensors = split(checkpoint)
        self._local, names = self._begin([*tensors])
        self._files = {process_file(get_rank()): _packed(process)}
        if is_main_process():
            self._files[STATE] = _packed(plain)
        meta = checkpoint.get("meta", {})
        self._facts: dict[str, Any] = {
            "world_size": get_world_size(),
            "mesh": _mesh_of(tensors),
            "epoch": meta.get("epoch"),
            "iter": meta.get("iter"),
            "engine_version": __version__,
            "torch_version": str(torch.__version__),
        }
        self._writes = self._plan(names, tensors)

    def _begin(self, names: list[str]) -> tuple[Path, list[str]]:
        """Return the local folder to write into, and the names of the first process."""
        agreed: list[Any] = ["", names]
        if is_main_process():
            try:
                self._make_room()
            except (OSError, CheckpointError) as error:
                agreed[0] = reason_of(error)
        broadcast_object_list(agreed, group=self._group)
        if agreed[0]:
            raise CheckpointError(f"{self.folder} could not be written: {agreed[0]}")
        if is_url(self.folder):
            return Path(tempfile.mkdtemp(prefix="engine_checkpoint_")), agreed[1]
        return Path(f"{self.folder}{PARTIAL}"), agreed[1]

    def _make_room(self) -> None:
        """Make the empty folder to write into; nothing but checkpoints is ever replaced."""
        if is_url(self.folder):
            manifest = join_path(self.folder, MANIFEST)
            if exists(manifest, self._backend_args):
                remove(manifest, self._backend_args)  # what it names is about to be replaced
            return
        path = Path(f"{self.folder}{PARTIAL}")
        for each in (Path(self.folder), Path(f"{self.folder}{FORMER}"), path):
            if (each.exists() or each.is_symlink()) and not is_checkpoint_folder(each):
                raise CheckpointError(f"{each} is in its place, which is no checkpoint folder")
        if path.exists():
            shutil.rmtree(path)
        path.mkdir(parents=True)

    def _plan(
        self, names: list[str], tensors: Tensors
    ) -> dict[str, tuple[_Planner, Any, SavePlan]]:
        """Agree with the other processes on which of them writes what, and copy that."""
        parts: dict[str, tuple[_Planner, HuggingFaceStorageWriter]] = {}
        plans: dict[str, SavePlan] = {}
        for name in names:
            planner = _Planner(None if self._room is None else self._room.setdefault(name, {}))
            writer = HuggingFaceStorageWriter(str(self._local / name), save_distributed=True)
            planner.set_up_planner(_own(tensors.get(name, {})), is_coordinator=is_main_process())
            writer.set_up_storage_writer(is_main_process())
            plans[name] = writer.prepare_local_plan(planner.create_local_plan())
            parts[name] = planner, writer
        gathered = self._gather(plans)
        if gathered is not None:
            for name, (planner, writer) in parts.items():
                made, _ = planner.create_global_plan([each[name] for each in gathered])
                for each, plan in zip(gathered, writer.prepare_global_plan(made), strict=True):
                    each[name] = plan
        plans = self._scatter(gathered)
        return {
            name: (planner, writer, planner.finish_plan(plans[name]))
            for name, (planner, writer) in parts.items()
        }

    def _gather(self, plans: dict[str, SavePlan]) -> list[dict[str, SavePlan]] | None:
        if self._group is None:
            return [plans]
        gathered: list[Any] | None = [None] * get_world_size() if is_main_process() else None
        distributed.gather_object(plans, gathered, group=self._group)
        return gathered

    def _scatter(self, plans: list[dict[str, SavePlan]] | None) -> dict[str, SavePlan]:
        if self._group is None:
            assert plans is not None
            return plans[0]
        own: list[Any] = [None]
        distributed.scatter_object_list(own, plans, group=self._group)
        return own[0]  # type: ignore[no-any-return]  # what this process is to write

    def write(self) -> None:
        """Write what was taken; all processes do it together, each in a thread or not.

        Raises:
            CheckpointError: If a process could not write its part; there is no new checkpoint then.
        """
        files: dict[str, Any] = {}
        problem = ""
        try:
            files = self._write_files()
        except Exception as error:  # noqa: BLE001  # all processes raise it below
            problem = reason_of(error) or type(error).__name__
        finally:
            self._writes, self._files = {}, {}
        gathered = gather_object({"files": files, "problem": problem}, group=self._group)
        outcome = [self._conclude(gathered) if gathered is not None else ""]
        if is_url(self.folder) or (outcome[0] and is_main_process()):
            shutil.rmtree(self._local, ignore_errors=True)
        broadcast_object_list(outcome, group=self._group)
        if outcome[0]:
            raise CheckpointError(f"{self.folder} could not be written: {outcome[0]}")

    def _write_files(self) -> dict[str, Any]:
        """Write the files of this process, and return their sizes and hashes."""
        names = [*self._files]
        for name, content in self._files.items():
            with atomic_write(self._local / name) as file:
                file.write(content)
        for name, (planner, writer, plan) in self._writes.items():
            results = writer.write_data(plan, planner).wait()
            names += sorted({f"{name}/{each.storage_data.relative_path}" for each in results})
        if is_url(self.folder):
            self._upload(names)
        return {name: _facts_of(self._local / name) for name in names}

    def _upload(self, names: list[str]) -> None:
        for name in names:
            target = join_path(self.folder, name)
            copyfile_from_local(str(self._local / name), target, self._backend_args)

    def _conclude(self, gathered: list[dict[str, Any]]) -> str:
        """Write the manifest if all went well, and return what went wrong."""
        for rank, each in enumerate(gathered):
            if each["problem"]:
                return f"process {rank}: {each['problem']}" if rank else str(each["problem"])
        files = {name: facts for each in gathered for name, facts in each["files"].items()}
        try:
            self._commit(Manifest(files=files, **self._facts))
            if self._committed is not None:
                self._committed()
        except Exception as error:  # noqa: BLE001  # as above
            return reason_of(error) or type(error).__name__
        return ""

    def _commit(self, manifest: Manifest) -> None:
        if is_url(self.folder):
            put_text(manifest.dumps(), join_path(self.folder, MANIFEST), self._backend_args)
            return
        for name in manifest.files:
            if not (self._local / name).is_file():
                raise CheckpointError(
                    f"{name} of another process is not there; the folder of checkpoints must be "
                    "on a file system that all processes share"
                )
        with atomic_write(self._local / MANIFEST, "w") as file:
            file.write(manifest.dumps())
        replace_folder(self.folder, self._local)


class _Planner(DefaultSavePlanner):
    """Plans which process writes what, and copies what is this one's to main memory.

    Args:
        room: The copies of a save before, whose memory is taken; None means that there are none.
    """

    def __init__(self, room: dict[Any, Tensor] | None) -> None:
        super().__init__(flatten_state_dict=False)
        self._room = room

    def finish_plan(self, new_plan: SavePlan) -> SavePlan:
        """Keep the plan, and copy what it names."""
        plan = super().finish_plan(new_plan)
        resolve = super().resolve_data
        room = self._room or {}
        self._copies = {
            item.index: _copy(resolve(item), room.get(item.index)) for item in plan.items
        }
        if self._room is not None:
            self._room.clear()
            self._room.update(self._copies)
        return plan

    def resolve_data(self, write_item: WriteItem) -> Any:
        """Return the copy of a tensor or shard, which is dropped when it is written."""
        return self._copies.pop(write_item.index)


def _copy(tensor: Any, room: Tensor | None) -> Tensor:
    """Return a contiguous copy in main memory that shares its memory with no other.

    Args:
        tensor: The tensor.
        room: A former copy, whose memory is taken if it has the same shape and type.
    """
    if room is not None and (room.shape, room.dtype) == (tensor.shape, tensor.dtype):
        return room.copy_(tensor.detach())
    copied: Tensor = tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
    return copied


def _packed(content: Any) -> bytes:
    """Return plain data as it is now, as the content of a file."""
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def _own(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what this process has to write: its shards, and in the first one what is whole.

    What is whole need not be equal: the buffers that count are those of the first process.
    """
    if is_main_process():
        return dict(tensors)
    return {name: each for name, each in tensors.items() if isinstance(each, DTensor)}


def _mesh_of(tensors: Tensors) -> dict[str, int] | None:
    """Return the dimensions of the mesh of the first shards that there are."""
    for each in tensors.values():
        for tensor in each.values():
            if isinstance(tensor, DTensor):
                mesh = tensor.device_mesh
                names = mesh.mesh_dim_names or [f"dim_{index}" for index in range(mesh.ndim)]
                return {str(name): mesh.size(index) for index, name in enumerate(names)}
    return None


def _facts_of(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"size": os.path.getsize(file), "sha256": digest}
