"""Scenes larger than memory: statistics of their bands, and predictions with their georeference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.fileio import replacing
from engine.model import evaluating
from mmbeta._geotiff import (
    Band,
    Box,
    band_indices,
    boxes,
    check_rasterio,
    check_windows,
    make_window,
    open_scene,
    read_window,
)
from mmbeta.models import PixelRegressionHead
from mmbeta.models.segmentors.windows import windows

_SIDE = 1024  # of the parts that are read at once, in pixels


@dataclass(frozen=True)
class BandStatistics:
    """Statistics of the bands of scenes, one number for each band.

    Attributes:
        mean: The means, as `mean` of a `SegDataPreprocessor`.
        std: The standard deviations, as `std` of it.
        minimum: The least values.
        maximum: The greatest values.
        count: How many pixels have values.
    """

    mean: list[float]
    std: list[float]
    minimum: list[float]
    maximum: list[float]
    count: int


def band_statistics(
    paths: str | Path | Sequence[str | Path],
    bands: Sequence[Band] | None = None,
    nodata: float | None = None,
) -> BandStatistics:
    """Compute statistics over all pixels of scenes that have a value in each band.

    They are read part by part, so that memory does not depend on their size.

    Args:
        paths: The GeoTIFF, or several.
        bands: As in `LoadGeoTiff`.
        nodata: As in `LoadGeoTiff`.

    Raises:
        ValueError: If no pixel has a value, or the scenes have other numbers of bands.
    """
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    count, mean, squares = 0, np.zeros(1), np.zeros(1)  # squares of the distances from the mean
    least, most = np.full(1, np.inf), np.full(1, -np.inf)
    for values in _read_parts(listed, bands, nodata):
        if count and len(values) != len(mean):
            raise ValueError(f"the scenes have {len(mean)} and {len(values)} bands; name some")
        added, own = values.shape[1], values.mean(1)
        total, shift = count + added, own - mean
        squares = squares + values.var(1) * added + shift**2 * (count * added / total)
        mean, count = mean + shift * (added / total), total
        least, most = np.minimum(least, values.min(1)), np.maximum(most, values.max(1))
    if not count:
        raise ValueError(f"no pixel of {', '.join(map(str, listed))} has a value in each band")
    std = np.sqrt(squares / count)
    return BandStatistics(mean.tolist(), std.tolist(), least.tolist(), most.tolist(), count)


def predict_scene(
    model: nn.Module,
    source: str | Path,
    target: str | Path,
    *,
    crop_size: Sequence[int] = (512, 512),
    stride: Sequence[int] | None = None,
    bands: Sequence[Band] | None = None,
    nodata: float | None = None,
    fill: float = 0.0,
    output: Literal["labels", "values"] = "labels",
    batch_size: int = 4,
) -> None:
    """Predict a scene in windows that blend into each other, and write it where the scene lies.

    A window counts less towards its edge, where the model sees less around a pixel. What the model
    would give for the whole scene, if it looked at single pixels, is what is written, to the bit.
    Memory depends on the width of the scene, not on its height: one row of windows is kept, with
    8 bytes for each pixel and class.

    Args:
        model: A model that turns images `(N, C, H, W)` into scores `(N, K, H, W)`, such as an
            `EncoderDecoder`; its `data_preprocessor` is applied if it has one.
        source: The scene, a GeoTIFF.
        target: The GeoTIFF to write, with the coordinate system and the transform of the scene.
            It appears when it is complete.
        crop_size: Height and width of a window, in pixels.
        stride: How far a window is from the next; None means half of `crop_size`.
        bands: As in `LoadGeoTiff`.
        nodata: As in `LoadGeoTiff`. Where the scene has no value, the prediction has none either.
        fill: As in `LoadGeoTiff`.
        output: `'labels'`, the class of each pixel, or `'values'`, the scores of the classes or
            the numbers of a regression, as float32.
        batch_size: How many windows the model takes at once.

    Raises:
        ValueError: If an argument is out of its range, or both files are one, or a regression is
            to give labels.
    """
    if output not in ("labels", "values"):
        raise ValueError(f"output is 'labels' or 'values'; got {output!r}")
    step = [max(side // 2, 1) for side in crop_size] if stride is None else list(stride)
    check_windows(crop_size=crop_size, stride=step)
    if batch_size < 1:
        raise ValueError(f"batch_size is at least 1; got {batch_size}")
    if output == "labels" and isinstance(getattr(model, "decode_head", None), PixelRegressionHead):
        raise ValueError("the model predicts numbers, no classes: output='values'")
    if Path(source).resolve() == Path(target).resolve():
        raise ValueError(f"source and target are both {source}")
    check_rasterio()
    import rasterio  # deferred, as it is an extra

    with open_scene(source) as scene, replacing(target) as temporary, evaluating(model):
        indices = band_indices(scene, bands)

        def read(box: Box) -> tuple[Tensor, npt.NDArray[np.bool_]]:
            values, valid = read_window(scene, indices, box, nodata)
            image = values.astype(np.float32)
            image[:, ~valid] = fill
            return torch.from_numpy(image), valid

        strips = _predict_strips(model, read, scene.shape, crop_size, step, batch_size)
        written = None
        try:
            for row, scores, valid in strips:
                made = _labels(model, scores) if output == "labels" else scores
                if written is None:
                    written = rasterio.open(temporary, "w", **_profile(scene, made))
                made[:, ~valid] = written.nodata
                written.write(made, window=make_window((row, 0, *made.shape[-2:])))
        finally:
            if written is not None:
                written.close()


def _read_parts(
    paths: Sequence[str | Path], bands: Sequence[Band] | None, nodata: float | None
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the values of pixels, `(C, P)`, of each part of each scene that has any."""
    for path in paths:
        with open_scene(path) as source:
            indices = band_indices(source, bands)
            for box in boxes(source.shape, _SIDE):
                values, valid = read_window(source, indices, box, nodata)
                if valid.any():
                    yield values[:, valid].astype(np.float64)


def _predict_strips(
    model: nn.Module,
    read: Callable[[Box], tuple[Tensor, npt.NDArray[np.bool_]]],
    size: Sequence[int],
    crop_size: Sequence[int],
    stride: Sequence[int],
    batch_size: int,
) -> Iterator[tuple[int, npt.NDArray[np.float32], npt.NDArray[np.bool_]]]:
    """Yield the blended scores of a scene from its top to its bottom.

    Yields:
        The first row of a strip, its scores `(K, H', W)`, and where there are values, `(H', W)`.
    """
    height, width = size
    total: npt.NDArray[np.float64] | None = None
    crops = windows(size, crop_size, stride)
    by_row = [(rows, [each for _, each in group]) for rows, group in groupby(crops, lambda w: w[0])]
    weight = np.zeros((0, width))
    known = np.zeros((0, width), np.bool_)
    for index, (rows, columns) in enumerate(by_row):
        grown = rows.stop - rows.start - len(weight)
        weight = np.pad(weight, ((0, grown), (0, 0)))
        known = np.pad(known, ((0, grown), (0, 0)))
        if total is not None:
            total = np.pad(total, ((0, 0), (0, grown), (0, 0)))
        for start in range(0, len(columns), batch_size):
            some = columns[start : start + batch_size]
            parts = [
                read((rows.start, each.start, rows.stop - rows.start, each.stop - each.start))
                for each in some
            ]
            for each, (_, valid) in zip(some, parts, strict=True):
                known[:, each] |= valid
            if not any(valid.any() for _, valid in parts) and total is not None:
                continue
            scores = _score(model, torch.stack([image for image, _ in parts]))
            if total is None:
                total = np.zeros((scores.shape[1], len(weight), width))
            for each, score in zip(some, scores, strict=True):
                own = _blend(*score.shape[-2:])
                total[:, :, each] += score * own
                weight[:, each] += own
        assert total is not None  # there is a window
        end = by_row[index + 1][0].start if index + 1 < len(by_row) else height
        done = end - rows.start
        strip = total[:, :done] / np.maximum(weight[:done], 1)
        yield rows.start, strip.astype(np.float32), known[:done]
        total, weight, known = total[:, done:], weight[done:], known[done:]


def _blend(height: int, width: int) -> npt.NDArray[np.float64]:
    """Return the weights of the pixels of a window: whole numbers that rise towards its middle.

    Of whole numbers the weighed mean of one value is that value, without rounding.
    """
    rows, columns = (
        np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1)).astype(np.float64)
        for side in (height, width)
    )
    return rows[:, None] * columns


def _score(model: nn.Module, images: Tensor) -> npt.NDArray[np.float32]:
    """Return the scores of images, in the size of these."""
    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    size = images.shape[-2:]
    batch = images.to(device)
    preprocess = getattr(model, "data_preprocessor", None)
    if preprocess is not None:
        batch = preprocess({"inputs": list(batch)}, False)["inputs"]
        batch = torch.stack(list(batch)) if isinstance(batch, (list, tuple)) else batch
    scores = model(batch)[..., : size[0], : size[1]]
    if scores.ndim != 4 or scores.shape[-2:] != size:
        raise ValueError(
            f"the model gives scores (N, K, {size[0]}, {size[1]}) for such images; got "
            f"{tuple(scores.shape)}"
        )
    found: npt.NDArray[np.float32] = scores.float().cpu().numpy()
    return found


def _labels(model: nn.Module, scores: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    head = getattr(model, "decode_head", None)
    logits = torch.from_numpy(scores)
    labels = logits.argmax(0, keepdim=True) if head is None else head.labels(logits)
    kind = np.uint8 if max(len(scores), 2) < 256 else np.uint16
    found: npt.NDArray[Any] = labels.numpy().astype(kind)
    return found


def _profile(scene: Any, made: npt.NDArray[Any]) -> dict[str, Any]:
    is_label = made.dtype.kind == "u"
    return {
        "driver": "GTiff",
        "height": scene.height,
        "width": scene.width,
        "count": len(made),
        "dtype": made.dtype.name,
        "nodata": np.iinfo(made.dtype).max if is_label else math.nan,
        "crs": scene.crs,
        "transform": scene.transform,
        "compress": "deflate",
        "bigtiff": "if_safer",
    }
