"""Statistics and predictions of scenes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from engine import MODEL_FACTORY_REGISTRY
from mmbeta.geo import band_statistics, predict_scene

WriteScene = Callable[..., Path]
IN_FOLDER = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Pointwise(nn.Module):
    """A model that looks at single pixels."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([images[:, :1] * 0.1, images[:, 1:2] ** 2 - 3, images.sum(1, True)], 1)


class Counting(nn.Module):
    """A model that notes the sizes of what it gets, and gives the same everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(tuple(images.shape))
        return images.new_full((len(images), 2, *images.shape[-2:]), 0.3)


def read(path: Path) -> Any:
    with rasterio.open(path) as found:
        return found.read()


def random_scene(seed: int, height: int, width: int) -> Any:
    return np.random.default_rng(seed).normal(100, 30, (2, height, width)).astype(np.float32)


@IN_FOLDER
@given(
    st.integers(0, 99),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.data(),
)
def test_a_model_of_single_pixels_gives_what_it_gives_for_the_whole(
    tmp_path: Path,
    write_scene: WriteScene,
    seed: int,
    size: tuple[int, int],
    crop: tuple[int, int],
    data: st.DataObject,
) -> None:
    stride = tuple(data.draw(st.integers(1, side)) for side in crop)
    values = random_scene(seed, *size)
    scene = write_scene(tmp_path / "scene.tif", values)
    predict_scene(
        Pointwise(), scene, tmp_path / "out.tif", crop_size=crop, stride=stride, output="values"
    )
    expected = Pointwise()(torch.from_numpy(values)[None])[0]
    assert np.array_equal(read(tmp_path / "out.tif"), expected.numpy())
    predict_scene(Pointwise(), scene, tmp_path / "labels.tif", crop_size=crop, stride=stride)
    assert np.array_equal(read(tmp_path / "labels.tif")[0], expected.argmax(0).numpy())


def test_a_prediction_lies_where_its_scene_lies(tmp_path: Path, write_scene: WriteScene) -> None:
    scene = write_scene(tmp_path / "scene.tif", random_scene(0, 9, 11))
    predict_scene(Pointwise(), scene, tmp_path / "out" / "labels.tif", crop_size=(4, 4))
    with rasterio.open(scene) as source, rasterio.open(tmp_path / "out" / "labels.tif") as found:
        assert (found.crs, found.transform) == (source.crs, source.transform)
        assert (found.shape, found.count, found.dtypes) == (source.shape, 1, ("uint8",))
        assert found.nodata == 255


def test_where_the_scene_has_no_value_the_prediction_has_none(
    tmp_path: Path, write_scene: WriteScene
) -> None:
    values = random_scene(0, 12, 12)
    values[:, :4, :5] = -1
    scene = write_scene(tmp_path / "scene.tif", values, nodata=-1)
    cases: list[tuple[Any, Any]] = [("labels", lambda x: x == 255), ("values", np.isnan)]
    for output, unknown in cases:
        predict_scene(
            Pointwise(), scene, tmp_path / "out.tif", crop_size=(4, 4), output=output, batch_size=1
        )
        found = unknown(read(tmp_path / "out.tif")).all(0)
        assert found[:4, :5].all()
        assert found.sum() == 20


def test_no_more_than_a_batch_of_windows_is_read(tmp_path: Path, write_scene: WriteScene) -> None:
    scene = write_scene(tmp_path / "scene.tif", random_scene(0, 33, 20))
    model = Counting().train()
    predict_scene(model, scene, tmp_path / "out.tif", crop_size=(8, 8), batch_size=3, bands=[2])
    assert {shape[1:] for shape in model.seen} == {(1, 8, 8)}
    assert max(shape[0] for shape in model.seen) == 3
    assert model.training


def test_a_segmentor_predicts_a_scene(tmp_path: Path, write_scene: WriteScene) -> None:
    model = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory").build_model(
        backbone="mmalpha_resnet18",
        backbone_base_channels=4,
        backbone_in_channels=2,
        decoder="FCNDecoder",
        decoder_channels=8,
        num_classes=3,
        data_preprocessor=dict(
            type="SegDataPreprocessor", mean=[100.0] * 2, std=[30.0] * 2, size_divisor=32
        ),
    )
    scene = write_scene(tmp_path / "scene.tif", random_scene(0, 70, 50))
    predict_scene(model, scene, tmp_path / "out.tif", crop_size=(48, 48))
    labels = read(tmp_path / "out.tif")
    assert labels.shape == (1, 70, 50)
    assert labels.max() < 3


def test_a_regression_gives_numbers(tmp_path: Path, write_scene: WriteScene) -> None:
    model = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory").build_model(
        "regression",
        backbone="mmalpha_resnet18",
        backbone_base_channels=4,
        backbone_in_channels=2,
        decoder="FCNDecoder",
    )
    scene, out = write_scene(tmp_path / "scene.tif", random_scene(0, 40, 40)), tmp_path / "out.tif"
    with pytest.raises(ValueError, match="predicts numbers, no classes: output='values'"):
        predict_scene(model, scene, out)
    predict_scene(model, scene, out, output="values")
    assert np.isfinite(read(out)).all()


def test_calls_that_are_wrong(tmp_path: Path, write_scene: WriteScene) -> None:
    scene = write_scene(tmp_path / "scene.tif", random_scene(0, 8, 8))
    out = tmp_path / "out.tif"
    with pytest.raises(ValueError, match="source and target are both"):
        predict_scene(Pointwise(), scene, scene)
    with pytest.raises(ValueError, match="stride is at most crop_size"):
        predict_scene(Pointwise(), scene, out, crop_size=(4, 4), stride=(5, 4))
    with pytest.raises(ValueError, match="output is 'labels' or 'values'; got 'mask'"):
        predict_scene(Pointwise(), scene, out, output="mask")  # type: ignore[arg-type]  # the error
    with pytest.raises(ValueError, match=r"the model gives scores \(N, K, 8, 8\)"):
        predict_scene(nn.AvgPool2d(2), scene, out)
    assert [each.name for each in tmp_path.iterdir()] == ["scene.tif"]


@IN_FOLDER
@given(st.integers(0, 99), st.lists(st.integers(1, 30), min_size=1, max_size=3), st.floats(0, 0.8))
def test_statistics_are_those_of_all_pixels_together(
    tmp_path: Path, write_scene: WriteScene, seed: int, heights: list[int], unknown: float
) -> None:
    rng = np.random.default_rng(seed)
    scenes, kept = [], []
    for index, height in enumerate(heights):
        values = random_scene(seed + index, height, 7)
        known = rng.random((height, 7)) >= unknown
        known[0, 0] = True
        kept.append(values[:, known].astype(np.float64))
        values[0, ~known] = np.nan
        scenes.append(write_scene(tmp_path / f"{index}.tif", values))
    found, pixels = band_statistics(scenes), np.concatenate(kept, 1)
    assert found.count == pixels.shape[1]
    assert np.allclose(found.mean, pixels.mean(1))
    assert np.allclose(found.std, pixels.std(1))
    assert found.minimum == pixels.min(1).tolist()
    assert found.maximum == pixels.max(1).tolist()


def test_a_scene_larger_than_a_part(tmp_path: Path, write_scene: WriteScene) -> None:
    values = np.arange(1030 * 1100, dtype=np.float32).reshape(1, 1030, 1100)
    found = band_statistics(write_scene(tmp_path / "a.tif", values))
    assert found.count == values.size
    assert np.allclose(found.mean, values.mean(dtype=float))
    assert np.allclose(found.std, values.std(dtype=float))


def test_a_scene_without_values(tmp_path: Path, write_scene: WriteScene) -> None:
    scene = write_scene(tmp_path / "a.tif", np.zeros((2, 3, 3), np.uint8), nodata=0)
    with pytest.raises(ValueError, match=r"no pixel of .*a\.tif has a value in each band"):
        band_statistics(scene)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predict_scene(Pointwise(), scene, tmp_path / "out.tif")
    assert (read(tmp_path / "out.tif") == 255).all()
