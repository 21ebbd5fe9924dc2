"""Reading of GeoTIFFs through rasterio: bands by name, nodata, windows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.utils import did_you_mean

Band = int | str
Box = tuple[int, int, int, int]
"""The first row and column of a window, its height and its width, in pixels."""


@contextmanager
def open_scene(path: str | Path) -> Iterator[Any]:
    """Open a GeoTIFF of this machine for reading.

    Args:
        path: The file. Virtual files of GDAL, which may be anywhere, are none.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If rasterio is missing.
        ValueError: If the file is no GeoTIFF.
    """
    check_rasterio()
    import rasterio  # deferred, as it is an extra

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():  # masks often tell no place
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            source = rasterio.open(path, driver="GTiff")
    except rasterio.errors.RasterioIOError as error:
        raise ValueError(f"{path} can't be read as a GeoTIFF: {error}") from error
    with source:
        yield source


def check_rasterio() -> None:
    """Raise an ImportError that says what to install if rasterio is missing."""
    try:
        import rasterio  # noqa: F401  # deferred, as it is an extra
    except ImportError as error:
        raise ImportError(
            "GeoTIFFs need the package rasterio: pip install 'mmbeta[geo]'"
        ) from error


def band_indices(source: Any, bands: Sequence[Band] | None) -> list[int]:
    """Return the bands of a file by number, from 1 on.

    Args:
        source: The open file.
        bands: Their numbers, or their names, which are the descriptions in the file, in any order;
            None means all.

    Raises:
        ValueError: If the file has no such band, or none is named.
    """
    if bands is None:
        return list(source.indexes)
    names = {name: index for index, name in zip(source.indexes, source.descriptions, strict=True)}
    found: list[int] = []
    for band in bands:
        index = names.get(band) if isinstance(band, str) else band
        if index is None or index not in source.indexes:
            known = [name for name in names if name]
            raise ValueError(
                f"{source.name} has no band {band!r}; it has 1 to {source.count}, called "
                f"{', '.join(known) or 'nothing'}"
                f"{did_you_mean(band, known) if isinstance(band, str) else ''}"
            )
        found.append(index)
    if not found:
        raise ValueError("bands names at least one band; None means all")
    return found


def read_window(
    source: Any, indices: Sequence[int], box: Box | None = None, nodata: float | None = None
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Read a part of a scene.

    Args:
        source: The open file.
        indices: The numbers of the bands.
        box: The window; None means all.
        nodata: The value of pixels of which nothing is known; None means that of the file.

    Returns:
        The values `(C, H, W)`, as the file has them, and where a pixel has a value in each of the
        bands, `(H, W)`: it is masked by no nodata, mask or alpha, and not NaN.
    """
    window = None if box is None else make_window(box)
    values: npt.NDArray[Any] = source.read(list(indices), window=window)
    valid = source.read_masks(list(indices), window=window).all(0)
    if nodata is not None:
        valid &= (values != nodata).all(0)
    if values.dtype.kind == "f":
        valid &= ~np.isnan(values).any(0)
    return values, valid


def make_window(box: Box) -> Any:
    """Return a box as a window of rasterio."""
    from rasterio.windows import Window  # deferred, as it is an extra

    row, column, height, width = box
    return Window(column, row, width, height)


def boxes(size: Sequence[int], side: int) -> Iterator[Box]:
    """Yield boxes that cover a scene once, from the top left to the bottom right.

    Args:
        size: Height and width of the scene.
        side: Height and width of a box; those at the right and below may be smaller.
    """
    height, width = size
    for row in range(0, height, side):
        for column in range(0, width, side):
            yield row, column, min(side, height - row), min(side, width - column)


def check_windows(stride: Sequence[int], **size: Sequence[int]) -> None:
    """Make sure that windows of a size cover a scene.

    Args:
        stride: How far a window is from the next, downwards and to the right.
        **size: The height and width of a window, by the name of the argument.

    Raises:
        ValueError: If they don't, or are no heights and widths.
    """
    for name, pair in {**size, "stride": stride}.items():
        if len(pair) != 2 or min(pair) < 1:
            raise ValueError(f"{name} is a height and a width in pixels; got {tuple(pair)}")
    for name, pair in size.items():
        if any(step > side for step, side in zip(stride, pair, strict=True)):
            raise ValueError(
                f"stride is at most {name} {tuple(pair)}, or pixels would be left out; got "
                f"{tuple(stride)}"
            )
