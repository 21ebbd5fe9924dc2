"""Reading and writing of checkpoint files."""

from __future__ import annotations

import io
import os
import pickle
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import torch

from engine._lazy import public
from engine.fileio import atomic_write, copyfile_from_local, exists, get_local_path
from engine.utils import deprecated_api_warning, is_url

from ._mmengine import STAND_INS, without_stand_ins
from ._safetensors import SUFFIX, read_safetensors, write_safetensors
from ._scan import BadContent, check_file, check_stream, settled


@public
class CheckpointError(RuntimeError):
    """A checkpoint can't be read or written, or does not fit; the text names the file."""


@public
class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no such checkpoint."""


Location = str | torch.device | None

_BETWEEN_FLUSHES = 0.005  # seconds
_CALLED = frozenset(name for _, name in STAND_INS)


@deprecated_api_warning({"file_client_args": "backend_args"})
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
        CheckpointError: If it can't be written, and why; a former file of the name is untouched.
        ValueError: If it holds more than weights, and the name ends in `.safetensors`.
    """
    write = write_safetensors if _is_safetensors(filename) else _write
    try:
        if not is_url(filename):
            with atomic_write(filename) as file, _flushed_meanwhile(file):
                write(checkpoint, file)
            return
        with tempfile.NamedTemporaryFile() as local:
            write(checkpoint, local)
            local.flush()
            copyfile_from_local(local.name, filename, backend_args)
    except (OSError, RuntimeError) as error:
        former = ""
        with suppress(Exception):  # what came first is what the user must know
            if exists(filename, backend_args):
                former = "; the former file of this name is whole"
        raise CheckpointError(
            f"{filename} could not be written: {reason_of(error)}{former}"
        ) from error


def read_file(
    filename: str | Path,
    map_location: Location = "cpu",
    backend_args: Mapping[str, Any] | None = None,
    mmap: bool = False,
) -> dict[str, Any]:
    """Return what a file holds; nothing in it is executed.

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
    with _told_as_errors(filename), get_local_path(filename, backend_args) as local:
        path = Path(local)
        if _is_safetensors(filename):
            content: Any = read_safetensors(path, map_location)
        else:
            content = _load(path, map_location, mmap and not is_url(filename))
        if not isinstance(content, dict):
            kind = type(content).__name__
            raise CheckpointError(f"{filename} holds {kind}, not a dictionary")
        return without_stand_ins(content)


def load_stream(content: bytes, name: str, map_location: Location) -> Any:
    """Return what `torch.save` wrote; nothing in it is executed.

    Args:
        content: What was written.
        name: What errors call it.
        map_location: The device to which its tensors go.

    Raises:
        CheckpointError: If it can't be read.
    """
    with _told_as_errors(name):
        check_stream(io.BytesIO(content), len(content), frozenset())
        loaded = torch.load(io.BytesIO(content), map_location=map_location, weights_only=True)
        return settled(loaded, len(content))


@contextmanager
def _told_as_errors(filename: str | Path) -> Iterator[None]:
    """Turn whatever goes wrong with a checkpoint into an error that names it."""
    try:
        yield
    except (CheckpointError, ImportError):
        raise
    except (FileNotFoundError, IsADirectoryError):
        raise CheckpointNotFoundError(f"there is no checkpoint {filename}") from None
    except pickle.UnpicklingError as error:
        raise CheckpointError(_foreign(filename, str(error))) from error
    except BadContent as error:
        raise CheckpointError(f"{filename} is not a checkpoint: {error}") from error
    except Exception as error:  # whatever is in the file
        raise CheckpointError(f"{filename} is not a checkpoint, or was cut short") from error


@contextmanager
def _flushed_meanwhile(file: IO[bytes]) -> Iterator[None]:
    """Let what is written to a file reach the disk while more is written, not all at the end."""
    done, errors = threading.Event(), list[OSError]()

    def flush() -> None:
        try:
            while not done.wait(_BETWEEN_FLUSHES):
                os.fsync(file.fileno())
        except OSError as error:  # the system tells of it only once
            errors.append(error)

    thread = threading.Thread(target=flush, name="flush of a checkpoint", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if errors:
        raise errors[0]


def reason_of(error: BaseException) -> str:
    """Return what the system said; torch makes of a full disk that a position is unexpected."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error)


def _is_safetensors(filename: str | Path) -> bool:
    return str(filename).endswith(SUFFIX)


def _write(checkpoint: Mapping[str, Any], file: IO[bytes]) -> None:
    torch.save(dict(checkpoint), file)


def _load(source: Path, map_location: Location, mmap: bool) -> Any:
    is_zip = check_file(source, _CALLED)
    with torch.serialization.safe_globals(STAND_INS):
        content = torch.load(
            source, map_location=map_location, weights_only=True, mmap=mmap and is_zip
        )
    return settled(content, source.stat().st_size)


def _foreign(filename: str | Path, error: str) -> str:
    found = re.search(r"GLOBAL (\S+)", error)
    if found is None:
        return f"{filename} is not a checkpoint, or was cut short"
    return (
        f"{filename} holds {found[1]}; a checkpoint holds tensors and plain data, and nothing else "
        "is read, since it could run any code"
    )
