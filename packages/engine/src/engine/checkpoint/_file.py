"""Reading and writing the file of a checkpoint."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import torch

from engine.fileio import atomic_write, get, put
from engine.utils import is_url

from ._error import CheckpointError
from ._mmengine import STAND_INS, without_stand_ins
from ._safetensors import SUFFIX, read_safetensors, write_safetensors

Location = str | torch.device | None

_ZIP = b"PK\x03\x04"


def save_checkpoint(
    checkpoint: Mapping[str, Any],
    filename: str | Path,
    backend_args: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint; a kill at any moment leaves the former file whole.

    Args:
        checkpoint: Tensors and plain data.
        filename: The file, or a URL for fsspec. A name that ends in `.safetensors` takes weights
            alone, and needs `engine[safetensors]`.
        backend_args: Options of the file system behind a URL.

    Raises:
        CheckpointError: If it can't be written; a former file of the name is untouched.
        ValueError: If it holds more than weights, and the name ends in `.safetensors`.
    """
    write = write_safetensors if _is_safetensors(filename) else _write
    try:
        if is_url(filename):
            content = io.BytesIO()
            write(checkpoint, content)
            put(content.getvalue(), filename, backend_args)
        else:
            with atomic_write(filename) as file:
                write(checkpoint, file)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{filename} could not be written, and is what it was before: {error}"
        ) from error


def read_checkpoint(
    filename: str | Path,
    map_location: Location = "cpu",
    backend_args: Mapping[str, Any] | None = None,
    mmap: bool = False,
) -> dict[str, Any]:
    """Return what a checkpoint holds; nothing in it is executed.

    A checkpoint of MMEngine is read without MMEngine: what it holds of its classes becomes plain
    data.

    Args:
        filename: The file, or a URL for fsspec; one that ends in `.safetensors` holds weights
            alone, and needs `engine[safetensors]`.
        map_location: The device to which its tensors go; None means that where they were saved.
        backend_args: Options of the file system behind a URL.
        mmap: Whether the tensors of a local file stay in it until they are used, for somebody who
            copies them at once: the process dies if the file is written to in the meantime.

    Raises:
        CheckpointError: If there is no such file, it was cut short, or it is no checkpoint.
    """
    try:
        local = None if is_url(filename) else Path(filename)
        if _is_safetensors(filename):
            content: Any = read_safetensors(local or get(filename, backend_args), map_location)
        elif local is None:
            content = _load(io.BytesIO(get(filename, backend_args)), map_location)
        else:
            content = _load(local, map_location, mmap and _is_zip(local))
    except (FileNotFoundError, IsADirectoryError):
        raise CheckpointError(f"there is no checkpoint {filename}") from None
    except pickle.UnpicklingError as error:
        raise CheckpointError(_foreign(filename, str(error))) from error
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise CheckpointError(f"{filename} is not a checkpoint, or was cut short") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{filename} holds {type(content).__name__}, not a dictionary")
    return without_stand_ins(content)


def _is_safetensors(filename: str | Path) -> bool:
    return str(filename).endswith(SUFFIX)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def _write(checkpoint: Mapping[str, Any], file: IO[bytes]) -> None:
    torch.save(dict(checkpoint), file)


def _load(source: Path | IO[bytes], map_location: Location, mmap: bool = False) -> Any:
    with torch.serialization.safe_globals(STAND_INS):
        return torch.load(source, map_location=map_location, weights_only=True, mmap=mmap)


def _foreign(filename: str | Path, error: str) -> str:
    found = re.search(r"GLOBAL (\S+)", error)
    if found is None:
        return f"{filename} is not a checkpoint, or was cut short"
    return (
        f"{filename} holds {found[1]}; a checkpoint holds tensors and plain data, and nothing else "
        "is read, since it could run any code"
    )
