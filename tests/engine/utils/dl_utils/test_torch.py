"""Questions about torch and its layers."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.utils import dl_utils
from engine.utils.dl_utils import parrots_wrapper


def test_norms() -> None:
    for layer in (nn.BatchNorm1d(2), nn.InstanceNorm2d(2), nn.GroupNorm(1, 2), nn.LayerNorm(2)):
        assert dl_utils.is_norm(layer)
        assert not dl_utils.is_norm(layer, exclude=(type(layer), nn.Linear))
    assert dl_utils.is_norm(nn.SyncBatchNorm(2), exclude=nn.LayerNorm)
    assert not dl_utils.is_norm(nn.Linear(2, 2))
    assert dl_utils.has_batch_norm(nn.Sequential(nn.Sequential(nn.SyncBatchNorm(2))))
    assert not dl_utils.has_batch_norm(nn.Sequential(nn.LayerNorm(2)))


def test_classes_by_the_names_of_the_wrapper() -> None:
    assert isinstance(nn.BatchNorm2d(2), parrots_wrapper._BatchNorm)
    assert isinstance(nn.InstanceNorm2d(2), parrots_wrapper._InstanceNorm)
    assert isinstance(nn.Conv3d(2, 2, 1), parrots_wrapper._ConvNd)
    assert issubclass(parrots_wrapper.SyncBatchNorm, parrots_wrapper.SyncBatchNorm_)
    assert parrots_wrapper.is_rocm_pytorch() == (torch.version.hip is not None)


@pytest.mark.filterwarnings("ignore:.torch.jit.trace. is:FutureWarning")
def test_tracing() -> None:
    seen = []

    def function(x: Tensor) -> Tensor:
        seen.append(dl_utils.is_jit_tracing())
        return x + 1

    function(torch.ones(1))
    torch.jit.trace(function, torch.ones(1), check_trace=False)
    assert seen == [False, True]


def test_mmcv_is_not_here() -> None:
    assert not dl_utils.mmcv_full_available()


def test_grids() -> None:
    rows, columns = dl_utils.torch_meshgrid(torch.arange(2), torch.arange(3))
    assert rows.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert columns.tolist() == [[0, 1, 2], [0, 1, 2]]


def test_images_of_a_batch() -> None:
    mean, std = (100.0, 110.0, 120.0), (10.0, 20.0, 30.0)
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    batch = (torch.from_numpy(images).float() - torch.tensor(mean)) / torch.tensor(std)
    batch = batch.permute(0, 3, 1, 2)
    for found, image in zip(
        dl_utils.tensor2imgs(batch, mean, std, to_bgr=False), images, strict=True
    ):
        np.testing.assert_array_equal(found, image)
        assert found.dtype == np.uint8
        assert found.flags.c_contiguous
    [turned, _] = dl_utils.tensor2imgs(batch, mean, std)
    np.testing.assert_array_equal(turned, images[0, ..., ::-1])
    [bright] = dl_utils.tensor2imgs(torch.full((1, 1, 2, 2), 300.0), to_bgr=False)
    assert bright.tolist() == [[255, 255], [255, 255]]


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3, 4, 4), {}, r"\(N, 3, H, W\) or .*; got \(3, 4, 4\)"),
        ((1, 2, 4, 4), {}, r"got \(1, 2, 4, 4\)"),
        ((1, 1, 4, 4), {}, "set to_bgr=False"),
        ((1, 3, 4, 4), {"mean": (0.0,)}, "one value for each of 3 channels"),
    ],
)
def test_what_is_no_batch_of_images(
    shape: tuple[int, ...], options: dict[str, tuple[float, ...]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dl_utils.tensor2imgs(torch.zeros(shape), **options)  # type: ignore[arg-type]  # mean or std


def test_a_checkpoint_from_elsewhere(tmp_path: Path) -> None:
    source = tmp_path / "source.pth"
    torch.save({"weight": torch.ones(2)}, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
    url = source.rename(tmp_path / f"model-{digest}.pth").as_uri()
    kept = tmp_path / "kept"
    loaded = dl_utils.load_url(url, kept, map_location="cpu", progress=False, check_hash=True)
    assert loaded["weight"].tolist() == [1.0, 1.0]
    assert [path.name for path in kept.iterdir()] == [f"model-{digest}.pth"]
    torch.save({"path": tmp_path}, tmp_path / "more.pth")
    with pytest.raises(pickle.UnpicklingError):
        dl_utils.load_url((tmp_path / "more.pth").as_uri(), kept, progress=False)


@pytest.fixture
def _processes_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    method = multiprocessing.get_start_method(allow_none=True)
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    monkeypatch.setenv("OMP_NUM_THREADS", "")  # so that it is put back
    monkeypatch.delenv("OMP_NUM_THREADS")
    yield
    multiprocessing.set_start_method(method, force=True)


@pytest.mark.usefixtures("_processes_as_they_were")
def test_how_child_processes_start() -> None:
    dl_utils.set_multi_processing("spawn")
    assert multiprocessing.get_start_method() == "spawn"
    assert "OMP_NUM_THREADS" not in os.environ
    dl_utils.set_multi_processing(distributed=True)
    assert multiprocessing.get_start_method() == "fork"
    assert (os.environ["MKL_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("5", "1")
