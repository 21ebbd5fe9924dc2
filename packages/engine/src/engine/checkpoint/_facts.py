"""What is in a checkpoint, and a folder made into a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.utils import is_url

from ._file import save_checkpoint
from ._loader import CheckpointLoader, check_exists
from ._read import local_folder, open_folder
from ._safetensors import SUFFIX
from ._weights import export_weights, weights_of

_AVERAGE = "ema_state_dict"


def describe_checkpoint(name: str | Path) -> dict[str, Any]:
    """Return what is inside a checkpoint, as plain data.

    Args:
        name: The file or folder, or a URL.

    Returns:
        `layout` (`'file'` or `'folder'`), `size` in bytes, `epoch`, `iter`, `engine_version`,
        `torch_version`, `experiment_name`, `world_size`, `mesh`, `weights` (the number of tensors),
        `values` (the number of values in them), `optimizer` and `average` (whether they are there),
        `keys`, and for a folder the size of each of the `files`. What is not known is None.

    Raises:
        CheckpointError: If it can't be read.
    """
    check_exists(name)
    folder = None if CheckpointLoader.knows(os.fspath(name)) else open_folder(name)
    if folder is not None:
        content = folder.read_facts(verify=False)
        manifest = folder.manifest
        files = {each: facts["size"] for each, facts in sorted(manifest.files.items())}
        size: int | None = sum(files.values())
        more = {"mesh": manifest.mesh, "torch_version": manifest.torch_version, "files": files}
    else:
        content = CheckpointLoader.load_checkpoint(name, "cpu", mmap=True)
        size, more = _size_of(Path(name)) if not is_url(name) else None, {}
    meta = content.get("meta")
    known: Mapping[str, Any] = meta if isinstance(meta, Mapping) else {}
    weights = [each for each in weights_of(content, name).values() if isinstance(each, Tensor)]
    facts = ("epoch", "iter", "engine_version", "experiment_name", "world_size")
    return {
        "layout": "file" if folder is None else "folder",
        "size": size,
        **{key: known.get(key) for key in facts},
        "mesh": None,
        "torch_version": None,
        "weights": len(weights),
        "values": sum(each.numel() for each in weights),
        "optimizer": content.get("optimizer") is not None,
        "average": _AVERAGE in content,
        "keys": [str(key) for key in content] if "state_dict" in content else [],
        **more,
    }


def merge_folder(folder: str | Path, filename: str | Path) -> None:
    """Make one file of a checkpoint folder.

    Args:
        folder: The folder, or a URL.
        filename: The file. One that ends in `.safetensors` gets the weights alone, another one all
            that a training needs to go on.

    Raises:
        CheckpointError: If the one can't be read, or the other can't be written.
        ValueError: If the one is a file.
    """
    check_exists(folder)
    if not is_url(folder) and local_folder(folder) is None:
        raise ValueError(
            f"{folder} is a file already; engine export writes its weights to another one"
        )
    if str(filename).endswith(SUFFIX):
        export_weights(folder, filename)
    else:
        save_checkpoint(CheckpointLoader.load_checkpoint(folder, "cpu", mmap=True), filename)


def _size_of(path: Path) -> int | None:
    if path.is_file():
        return path.stat().st_size
    files = [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) if files else None
