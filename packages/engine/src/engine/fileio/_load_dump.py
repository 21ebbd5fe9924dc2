"""`load` and `dump`: values in files of any format."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, Any

from engine.utils import deprecated_api_warning

from ._backend import PathLike, base_name
from ._backend_registry import BackendArgs
from ._error import NotPlainError
from ._handlers import HANDLERS, BaseFileHandler, PickleHandler
from ._io import get, get_text, put, put_text


@deprecated_api_warning({"file_client_args": "backend_args"})
def load(
    file: PathLike | IO[Any],
    file_format: str | None = None,
    backend_args: BackendArgs = None,
    allow_pickle: bool = False,
    **kwargs: Any,
) -> Any:
    """Read a value from a file: JSON, YAML, pickle, or a format that was registered.

    Args:
        file: A local path, a URL or an open file.
        file_format: `'json'`, `'yaml'`, `'pkl'` and the like; by default, the suffix of the name.
        backend_args: Arguments of the backend.
        allow_pickle: Whether a pickle may hold more than plain data and NumPy arrays. To read it
            can then run any code, so set it for files that you have written yourself.
        **kwargs: Options of the format, such as those of `json.load`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The format is unknown or not allowed, or the content is malformed.
    """
    name = _get_name(file)
    handler = _get_handler(name, file_format)
    title = name or "the given file"
    read = handler.load_from_fileobj
    if not (handler.is_data or allow_pickle):
        if not isinstance(handler, PickleHandler):
            raise ValueError(
                f"{title} is not read: its format can run any code. "
                "If you trust its author, set allow_pickle=True"
            )
        read = handler.load_plain
    if isinstance(file, str | os.PathLike):
        if handler.str_like:
            file = io.StringIO(get_text(file, backend_args=backend_args), newline="")
        else:
            file = io.BytesIO(get(file, backend_args))
    try:
        return read(file, **kwargs)
    except NotPlainError as error:
        raise NotPlainError(
            f"{title} is not read: {error}, and a pickle of other things can run any code. "
            "If you trust its author, set allow_pickle=True"
        ) from error
    except ValueError as error:
        raise ValueError(f"{title} is malformed: {error}") from error


@deprecated_api_warning({"file_client_args": "backend_args"})
def dump(
    obj: Any,
    file: PathLike | IO[Any] | None = None,
    file_format: str | None = None,
    backend_args: BackendArgs = None,
    **kwargs: Any,
) -> str | bytes | None:
    """Write a value to a file: as JSON, YAML, pickle, or a format that was registered.

    A reader of the file never sees half of it.

    Args:
        obj: The value; plain data for JSON and YAML.
        file: A local path, a URL or an open file; without one, the content is returned.
        file_format: `'json'`, `'yaml'`, `'pkl'` and the like; by default, the suffix of the name.
        backend_args: Arguments of the backend.
        **kwargs: Options of the format, such as those of `json.dumps`: `indent=2`.

    Returns:
        Without a file, the content: text, or bytes for a pickle.

    Raises:
        TypeError: `obj` holds something that the format can't.
        ValueError: The format is unknown.
    """
    handler = _get_handler(_get_name(file), file_format)
    if file is not None and not isinstance(file, str | os.PathLike):
        handler.dump_to_fileobj(obj, file, **kwargs)
        return None
    content = handler.dump_to_str(obj, **kwargs)
    if file is None:
        return content
    if isinstance(content, str):
        put_text(content, file, backend_args)
    else:
        put(content, file, backend_args)
    return None


def _get_name(file: object) -> str | None:
    if isinstance(file, str | os.PathLike):
        return str(file)
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else None


def _get_handler(name: str | None, file_format: str | None) -> BaseFileHandler:
    if file_format is None and name is None:
        raise ValueError("file_format (such as 'json') is needed where there is no file name")
    key = file_format or Path(base_name(name or "")).suffix.removeprefix(".")
    if key not in HANDLERS:
        known = ", ".join(HANDLERS)
        raise ValueError(f"{name or 'file_format'}: unknown format {key!r}; known are {known}")
    return HANDLERS[key]
