"""Text files read line by line."""

from __future__ import annotations

from itertools import islice

from ._io import BackendArgs, PathLike, get_text


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
        prefix: What to put in front of each line.
        offset: How many lines to leave out at the start.
        max_num: How many lines to read at most; 0 reads all.
        encoding: The text encoding of the file.
        backend_args: Options of the fsspec file system behind the URL.

    Raises:
        FileNotFoundError: There is no such file.
    """
    # Only line feeds end a line; str.splitlines would also split at form feeds and the like.
    text = get_text(filename, encoding, backend_args)
    lines = text.removesuffix("\n").split("\n") if text else []
    stop = offset + max_num if max_num > 0 else None
    return [prefix + line.rstrip("\r") for line in islice(lines, offset, stop)]
