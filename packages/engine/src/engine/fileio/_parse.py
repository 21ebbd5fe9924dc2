"""Text files as lists and dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from engine.utils import deprecated_api_warning

from ._backend import PathLike
from ._backend_registry import BackendArgs
from ._io import get_text


@deprecated_api_warning({"file_client_args": "backend_args"})
def list_from_file(
    filename: PathLike,
    prefix: str = "",
    offset: int = 0,
    max_num: int = 0,
    encoding: str = "utf-8",
    backend_args: BackendArgs = None,
) -> list[str]:
    """Read the lines of a text file, without their line ends.

    Args:
        filename: A local path or a URL.
        prefix: A text in front of each line.
        offset: How many lines to skip at the start.
        max_num: How many lines to read at most; 0 reads all.
        encoding: The encoding of the text.
        backend_args: Arguments of the backend.

    Raises:
        FileNotFoundError: There is no such file.
    """
    # Only line feeds end a line; str.splitlines would also split at form feeds and the like.
    text = get_text(filename, encoding, backend_args)
    lines = text.removesuffix("\n").split("\n") if text else []
    stop = offset + max_num if max_num > 0 else None
    return [prefix + line.rstrip("\r") for line in islice(lines, offset, stop)]


@deprecated_api_warning({"file_client_args": "backend_args"})
def dict_from_file(
    filename: PathLike,
    key_type: Callable[[str], Any] = str,
    encoding: str = "utf-8",
    backend_args: BackendArgs = None,
) -> dict[Any, str | list[str]]:
    """Read a text file whose lines are a key and one or more values, with white space between.

    Args:
        filename: A local path or a URL.
        key_type: Converts the text of a key, such as `int`.
        encoding: The encoding of the text.
        backend_args: Arguments of the backend.

    Returns:
        By its key, the value of each line, or the list of its values if there are several.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line has no value, or a key that is no `key_type` or a duplicate.
    """
    mapping: dict[Any, str | list[str]] = {}
    for number, line in enumerate(
        list_from_file(filename, encoding=encoding, backend_args=backend_args), 1
    ):
        if not (words := line.split()):
            continue
        try:
            key = key_type(words[0])
        except ValueError as error:
            raise ValueError(f"{filename}:{number}: {error}") from error
        if key in mapping:
            raise ValueError(f"{filename}:{number}: the key {key!r} is on a line above already")
        if len(words) == 1:
            raise ValueError(f"{filename}:{number}: the key {key!r} has no value")
        mapping[key] = words[1] if len(words) == 2 else words[1:]
    return mapping
