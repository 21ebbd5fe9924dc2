"""Files of the idx format, in which MNIST and its relatives are published.

The format: two zero bytes, a byte for the type, one for the number of dimensions, the size of each
dimension as a big-endian 32-bit integer, then the values. See http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib

import numpy as np
import numpy.typing as npt

from engine.fileio import exists, get, join_path

_UBYTE = 0x08
_GZIP = b"\x1f\x8b"


def read_idx(folder: str, name: str, ndim: int) -> npt.NDArray[np.uint8]:
    """Read an idx file of unsigned bytes, gzipped or not.

    Args:
        folder: The folder of the file.
        name: The name of the file; with `.gz` behind it, it is found too.
        ndim: How many dimensions the values must have: 3 for images, 1 for labels.

    Returns:
        An array of the shape that the file says.

    Raises:
        FileNotFoundError: If neither file is there.
        ValueError: If the file is cut short, longer than it says, or of another kind.
    """
    path = join_path(folder, name)
    if not exists(path):
        path += ".gz"
    if not exists(path):
        raise FileNotFoundError(
            f"{path.removesuffix('.gz')} is missing, and so is {name}.gz; "
            f"expected an idx file of {_kind(ndim)}, gzipped or not"
        )
    content = _unzip(get(path), path)
    header = 4 + 4 * ndim
    if len(content) < header:
        raise ValueError(
            f"{path} is truncated: the header of an idx file of {_kind(ndim)} has {header} bytes, "
            f"the file has {len(content)}"
        )
    magic = struct.pack("4B", 0, 0, _UBYTE, ndim)
    if content[:4] != magic:
        raise ValueError(
            f"{path} is no idx file of {_kind(ndim)}: expected it to begin with the bytes "
            f"{magic.hex(' ')}, got {content[:4].hex(' ')}"
        )
    shape = struct.unpack(f">{ndim}I", content[4:header])
    expected, got = math.prod(shape), len(content) - header
    if got != expected:
        state = "truncated" if got < expected else "too long"
        raise ValueError(
            f"{path} is {state}: expected {expected} bytes for the shape {shape}, got {got}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _unzip(content: bytes, path: str) -> bytes:
    if content[:2] != _GZIP:
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise ValueError(f"{path} is truncated: expected a complete gzip file") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: expected a gzip file; {error}") from error


def _kind(ndim: int) -> str:
    return "labels" if ndim == 1 else "images"
