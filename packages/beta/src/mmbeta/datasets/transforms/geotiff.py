"""Loading of multispectral images and their masks from GeoTIFFs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch

from mmbeta._geotiff import Band, band_indices, open_scene, read_window
from mmbeta.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadGeoTiff:
    """Reads bands of the GeoTIFF of `img_path`, or of its `window` where the sample has one.

    Args:
        bands: The bands by number, from 1 on, or by name, which is their description in the file;
            None means all.
        nodata: The value of pixels of which nothing is known; None means that of the file.
        fill: What such pixels get in the image, in all bands.
    """

    def __init__(
        self,
        bands: Sequence[Band] | None = None,
        nodata: float | None = None,
        fill: float = 0.0,
    ) -> None:
        self.bands: list[Band] | None = None if bands is None else list(bands)
        self.nodata = nodata
        self.fill = fill

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `img`, `(C, H, W)` of float32, `ori_shape`, and `valid`, `(H, W)` of bool.

        `valid` is where all bands have a value.
        """
        with open_scene(results["img_path"]) as source:
            indices = band_indices(source, self.bands)
            values, valid = read_window(source, indices, results.get("window"), self.nodata)
        image = values.astype(np.float32)
        image[:, ~valid] = self.fill
        results["img"] = torch.from_numpy(image)
        results["valid"] = torch.from_numpy(valid)
        results["ori_shape"] = image.shape[-2:]
        return results


@TRANSFORMS.register_module()
class LoadGeoTiffAnnotations:
    """Reads the GeoTIFF of `seg_map_path`, or of its `window`: labels, or numbers to predict.

    What is unknown, here or in the image (`valid`), does not count: it gets the label that is
    ignored, or NaN.

    Args:
        kind: `'labels'` of one band, or `'values'` of one or several.
        bands: As in `LoadGeoTiff`; None means the first for labels, and all for values.
        nodata: As in `LoadGeoTiff`.
        ignore_index: The label of pixels that don't count; that of the dataset if it has one.

    Raises:
        ValueError: If `kind` is neither of the two.
    """

    def __init__(
        self,
        kind: Literal["labels", "values"] = "labels",
        bands: Sequence[Band] | None = None,
        nodata: float | None = None,
        ignore_index: int = 255,
    ) -> None:
        if kind not in ("labels", "values"):
            raise ValueError(f"kind is 'labels' or 'values'; got {kind!r}")
        self.kind = kind
        self.bands: list[Band] | None = [1] if kind == "labels" else None
        if bands is not None:
            self.bands = list(bands)
        if kind == "labels" and len(self.bands or ()) != 1:
            raise ValueError(f"labels are those of one band; got {bands}")
        self.nodata = nodata
        self.ignore_index = ignore_index

    @property
    def labels_key(self) -> str | None:
        """A text that is equal for transforms that read labels alike; None if these are numbers."""
        if self.kind == "values":
            return None
        return repr((self.bands, self.nodata, self.ignore_index))

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `gt_seg_map`, `(H, W)`, or `gt_values`, `(C, H, W)` of float32.

        Raises:
            ValueError: If it does not have the size of the image, or holds no labels.
        """
        path = results["seg_map_path"]
        with open_scene(path) as source:
            indices = band_indices(source, self.bands)
            values, known = read_window(source, indices, results.get("window"), self.nodata)
        size = tuple(results.get("ori_shape", known.shape))
        if known.shape != size:
            raise ValueError(f"{path} has {known.shape} pixels, its image {size}")
        if "valid" in results:
            known &= results["valid"].numpy()
        if self.kind == "values":
            numbers = values.astype(np.float32)
            numbers[:, ~known] = np.nan
            results["gt_values"] = torch.from_numpy(numbers)
        else:
            results["gt_seg_map"] = torch.from_numpy(self._labels(values[0], known, results))
        return results

    def _labels(self, values: Any, known: Any, results: dict[str, Any]) -> Any:
        path, table = results["seg_map_path"], results.get("label_table")
        labels = np.where(known, values, 0)
        least, most = labels.min(initial=0), labels.max(initial=0)
        if values.dtype.kind not in "iu" or least < 0 or most > 65535:
            raise ValueError(
                f"labels are whole numbers from 0 to 65535; {path} has {values.dtype}, "
                f"{least} to {most}"
            )
        labels = labels.astype(np.uint8 if most < 256 else np.int32)
        ignored = self.ignore_index
        if table is not None:
            labels, ignored = table(labels, path), table.ignore_index
        labels = labels.astype(np.int32) if ignored > 255 else labels
        labels[~known] = ignored
        return labels
