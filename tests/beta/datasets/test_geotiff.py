"""Images and masks from GeoTIFFs, and the tiles of scenes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.registry import DATASETS, DefaultScope
from mmbeta.datasets import (
    GeoTiffTiles,
    LoadGeoTiff,
    LoadGeoTiffAnnotations,
    PackSegInputs,
    RandomFlip,
)

WriteScene = Callable[..., Path]
Probe = Callable[[str], str]
NAMES = ["BLUE", "GREEN", "RED", "NIR"]


@pytest.fixture
def scene(tmp_path: Path, write_scene: WriteScene) -> Path:
    values = np.arange(4 * 6 * 8, dtype=np.uint16).reshape(4, 6, 8) + 1
    values[1, 2, 3] = 0  # nothing is known of this pixel
    return write_scene(tmp_path / "scene.tif", values, nodata=0, names=NAMES)


def test_bands_by_number_and_by_name(scene: Path) -> None:
    everything = LoadGeoTiff()({"img_path": scene})["img"]
    assert (everything.dtype, everything.shape) == (torch.float32, (4, 6, 8))
    named: list[list[int | str]] = [["NIR", "GREEN"], [4, 2], ["NIR", 2]]
    for bands in named:
        assert torch.equal(LoadGeoTiff(bands)({"img_path": scene})["img"], everything[[3, 1]])


def test_a_band_that_is_not_there(scene: Path) -> None:
    with pytest.raises(ValueError, match=r"has no band 'NIT'; it has 1 to 4, .* mean 'NIR'\?"):
        LoadGeoTiff(["NIT"])({"img_path": scene})
    for band in (0, 5):
        with pytest.raises(ValueError, match=f"no band {band}; it has 1 to 4, called BLUE, GREEN"):
            LoadGeoTiff([band])({"img_path": scene})


def test_unknown_pixels_are_filled_and_marked(scene: Path) -> None:
    results = LoadGeoTiff(fill=-1.0)({"img_path": scene})
    assert (~results["valid"]).nonzero().tolist() == [[2, 3]]
    assert results["img"][:, 2, 3].tolist() == [-1.0] * 4
    assert LoadGeoTiff(["RED"])({"img_path": scene})["valid"].all()
    first = LoadGeoTiff(["BLUE"], nodata=1)({"img_path": scene})
    assert (~first["valid"]).nonzero().tolist() == [[0, 0]]


def test_a_window_is_a_part_of_the_whole(scene: Path) -> None:
    whole = LoadGeoTiff()({"img_path": scene})
    part = LoadGeoTiff()({"img_path": scene, "window": (2, 3, 4, 5)})
    assert torch.equal(part["img"], whole["img"][:, 2:6, 3:8])
    assert torch.equal(part["valid"], whole["valid"][2:6, 3:8])


def test_unknown_labels_and_numbers_do_not_count(
    scene: Path, tmp_path: Path, write_scene: WriteScene
) -> None:
    labels = np.ones((1, 6, 8), np.uint8)
    labels[0, 0, 0] = 9
    mask = write_scene(tmp_path / "mask.tif", labels, nodata=9)
    paths = {"img_path": scene, "seg_map_path": mask}
    found = LoadGeoTiffAnnotations()(LoadGeoTiff()(dict(paths)))["gt_seg_map"]
    assert (found == 255).nonzero().tolist() == [[0, 0], [2, 3]]
    assert found.dtype == torch.uint8
    loaded = LoadGeoTiff()(dict(paths))
    values = LoadGeoTiffAnnotations("values")(loaded)["gt_values"]
    assert values.isnan().nonzero().tolist() == [[0, 0, 0], [0, 2, 3]]
    assert torch.equal(PackSegInputs()(loaded)["data_samples"].gt_values.data[0, 1], values[0, 1])
    flipped = RandomFlip(1.0)({**loaded})["gt_values"]
    assert torch.equal(flipped.flip(-1).nan_to_num(-1), values.nan_to_num(-1))


def test_labels_are_whole_numbers(scene: Path, tmp_path: Path, write_scene: WriteScene) -> None:
    mask = write_scene(tmp_path / "mask.tif", np.full((1, 6, 8), 0.5, np.float32))
    with pytest.raises(ValueError, match="labels are whole numbers from 0 to 65535"):
        LoadGeoTiffAnnotations()({"seg_map_path": mask})
    small = write_scene(tmp_path / "small.tif", np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"small.tif has \(2, 2\) pixels, its image \(6, 8\)"):
        LoadGeoTiffAnnotations()(LoadGeoTiff()({"img_path": scene, "seg_map_path": small}))
    with pytest.raises(ValueError, match="kind is 'labels' or 'values'; got 'depth'"):
        LoadGeoTiffAnnotations("depth")  # type: ignore[arg-type]  # the error


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file /vsicurl/http"):
        LoadGeoTiff()({"img_path": "/vsicurl/http://example.org/a.tif"})
    (tmp_path / "scene.vrt").write_text("<VRTDataset/>")
    with pytest.raises(ValueError, match=r"scene.vrt can't be read as a GeoTIFF"):
        LoadGeoTiff()({"img_path": tmp_path / "scene.vrt"})


def test_without_rasterio_the_error_says_what_to_install(probe_with_torch: Probe) -> None:
    code = (
        "import sys; sys.modules['rasterio'] = None\n"
        "from mmbeta.datasets import LoadGeoTiff\n"
        "try: LoadGeoTiff()({'img_path': 'a.tif'})\n"
        "except ImportError as error: print(error)"
    )
    assert "pip install 'mmbeta[geo]'" in probe_with_torch(code)


@pytest.fixture
def folder(tmp_path: Path, write_scene: WriteScene) -> Path:
    for name in ("a", "b"):
        values = np.ones((2, 10, 7), np.float32)
        values[:, :5] = np.nan if name == "b" else 1
        write_scene(tmp_path / "scenes" / f"{name}.tif", values)
        write_scene(tmp_path / "masks" / f"{name}.tif", np.ones((1, 10, 7), np.uint8))
    return tmp_path


def tiles(folder: Path, **options: Any) -> GeoTiffTiles:
    cfg = dict(
        type="GeoTiffTiles",
        data_root=str(folder),
        data_prefix=dict(img_path="scenes", seg_map_path="masks"),
        metainfo=dict(classes=("land", "water")),
        pipeline=[
            dict(type="LoadGeoTiff"),
            dict(type="LoadGeoTiffAnnotations"),
            dict(type="PackSegInputs"),
        ],
        **{"tile_size": (4, 4), **options},
    )
    with DefaultScope.overwrite_default_scope("mmbeta"):
        made = DATASETS.build(cfg)
    assert isinstance(made, GeoTiffTiles)
    return made


@pytest.mark.parametrize("stride", [None, (4, 3), (2, 1)])
def test_tiles_cover_each_scene(folder: Path, stride: tuple[int, int] | None) -> None:
    dataset = tiles(folder, stride=stride)
    seen = {name: np.zeros((10, 7), int) for name in "ab"}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        row, column, height, width = info["window"]
        assert (height, width) == (4, 4)
        seen[Path(info["img_path"]).stem][row : row + height, column : column + width] += 1
    assert all(count.min() >= 1 for count in seen.values())


def test_a_tile_is_a_sample(folder: Path) -> None:
    sample = tiles(folder)[0]
    assert sample["inputs"].shape == (2, 4, 4)
    assert sample["data_samples"].gt_sem_seg.data.unique().tolist() == [1]


def test_tiles_without_values_are_left_out(folder: Path) -> None:
    found = tiles(folder, min_valid=0.5)
    paths = [Path(found.get_data_info(index)["img_path"]).stem for index in range(len(found))]
    assert (paths.count("a"), paths.count("b")) == (6, 4)


def test_tiles_out_of_their_range(folder: Path, write_scene: WriteScene) -> None:
    with pytest.raises(ValueError, match=r"tile_size is a height and a width in pixels; got \(0, "):
        tiles(folder, tile_size=(0, 4))
    with pytest.raises(ValueError, match="stride is at most tile_size"):
        tiles(folder, stride=(5, 4))
    with pytest.raises(ValueError, match="min_valid is a part from 0 to 1; got 2"):
        tiles(folder, min_valid=2)
    write_scene(folder / "masks" / "a.tif", np.ones((1, 3, 3), np.uint8))
    with pytest.raises(ValueError, match=r"a.tif has \(3, 3\) pixels, its scene \(10, 7\)"):
        tiles(folder)


def test_labels_of_tiles_are_counted(folder: Path, write_scene: WriteScene) -> None:
    found = tiles(folder, tile_size=(5, 7)).count_labels(200)
    assert (found.seen, found.counts, found.hint) == (4, {1: 4 * 35}, "")
    write_scene(folder / "masks" / "b.tif", np.ones((1, 10, 7), np.uint8), nodata=1)
    found = tiles(folder, tile_size=(5, 7)).count_labels(200)
    assert found.counts == {1: 70, 255: 70}
    assert found.hint == "50.0 % of the pixels have the label 255, which is ignored"
    keys = {tiles(folder, tile_size=(5, side)).labels_key(200) for side in (6, 7)}
    assert len(keys) == 2
    write_scene(folder / "masks" / "a.tif", np.full((1, 10, 7), 5, np.uint8))
    changed = tiles(folder, tile_size=(5, 7))
    assert changed.labels_key(200) not in keys
    assert len(changed.count_labels(200).faults) == 2
