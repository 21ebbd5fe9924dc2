"""Small scenes for the tests of GeoTIFFs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio

WriteScene = Callable[..., Path]


@pytest.fixture(scope="session")
def write_scene() -> WriteScene:
    """Return what writes an array `(C, H, W)` as a GeoTIFF with a place on the earth."""

    def write(
        path: Path,
        values: npt.NDArray[Any],
        nodata: float | None = None,
        names: Sequence[str] = (),
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        count, height, width = values.shape
        profile = dict(driver="GTiff", count=count, height=height, width=width, nodata=nodata)
        place = dict(crs="EPSG:32632", transform=rasterio.Affine(10, 0, 500000, 0, -10, 5000000))
        with rasterio.open(path, "w", dtype=np.dtype(values.dtype).name, **profile, **place) as out:
            out.write(values)
            for index, name in enumerate(names, 1):
                out.set_band_description(index, name)
        return path

    return write
