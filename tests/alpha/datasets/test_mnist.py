from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmalpha.datasets import MNIST, FashionMNIST, read_idx

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


def idx(values: npt.NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a tiny dataset: the images one by one gray as their number, labels 0 to 9."""
    for prefix, count in (("train", 20), ("t10k", 10)):
        images = np.arange(count, dtype=np.uint8).repeat(28 * 28).reshape(count, 28, 28)
        labels = np.arange(count, dtype=np.uint8) % 10
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3)), st.booleans())
def test_reading_undoes_writing(
    tmp_path_factory: pytest.TempPathFactory, values: npt.NDArray[np.uint8], zipped: bool
) -> None:
    path = tmp_path_factory.mktemp("idx")
    content = idx(values)
    (path / ("x.gz" if zipped else "x")).write_bytes(gzip.compress(content) if zipped else content)
    np.testing.assert_array_equal(read_idx(str(path), "x", 3), values)


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
def test_both_splits_are_read(folder: Path, kind: type[MNIST]) -> None:
    train, test = kind(str(folder), "train"), kind(str(folder), "test")
    assert (len(train), len(test)) == (20, 10)
    info = train.get_data_info(13)
    assert torch.equal(info["img"], torch.full((1, 28, 28), 13, dtype=torch.uint8))
    assert info["gt_label"] == 3


def test_gzipped_and_plain_files_may_stand_side_by_side(folder: Path) -> None:
    content = (folder / IMAGES).read_bytes()
    (folder / IMAGES).unlink()
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(content))
    assert len(MNIST(str(folder), "train")) == 20


def test_the_classes_have_names(folder: Path) -> None:
    assert MNIST(str(folder), "test").metainfo["classes"][7] == "7"
    assert FashionMNIST(str(folder), "test").metainfo["classes"][9] == "Ankle boot"


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / LABELS).unlink()
    message = f"{folder / LABELS} is missing, and so is {LABELS}.gz; expected an idx file of labels"
    with pytest.raises(FileNotFoundError, match=message):
        MNIST(str(folder), "train")


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / IMAGES
    path.write_bytes(path.read_bytes()[:-1])
    message = rf"{path} is truncated: expected 15680 bytes for the shape \(20, 28, 28\), got 15679"
    with pytest.raises(ValueError, match=message):
        MNIST(str(folder), "train")


@given(st.integers(0, 10**9))
def test_a_file_cut_anywhere_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, position: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    content = idx(np.arange(12, dtype=np.uint8).reshape(3, 2, 2))
    for whole in (content, gzip.compress(content)):
        (folder / "x").write_bytes(whole[: position % len(whole)])
        with pytest.raises(ValueError, match=f"{folder / 'x'} is"):
            read_idx(str(folder), "x", 3)


def test_a_file_that_is_too_long_is_named(folder: Path) -> None:
    path = folder / LABELS
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=f"{path} is too long: expected 20 bytes"):
        MNIST(str(folder), "train")


def test_a_file_of_another_kind_is_named(folder: Path) -> None:
    path = folder / IMAGES
    path.write_bytes((folder / LABELS).read_bytes())
    message = (
        f"{path} is no idx file of images: expected it to begin with the bytes 00 00 08 03, "
        "got 00 00 08 01"
    )
    with pytest.raises(ValueError, match=message):
        MNIST(str(folder), "train")


def test_a_damaged_gzip_file_is_named(folder: Path) -> None:
    path = folder / f"{IMAGES}.gz"
    content = bytearray(gzip.compress((folder / IMAGES).read_bytes()))
    content[len(content) // 2] ^= 0xFF
    (folder / IMAGES).unlink()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path} is (damaged|truncated): expected a"):
        MNIST(str(folder), "train")


def test_images_and_labels_belong_together(folder: Path) -> None:
    (folder / LABELS).write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(ValueError, match="20 images, 19 labels; expected as many of each"):
        MNIST(str(folder), "train")


def test_labels_are_within_the_classes(folder: Path) -> None:
    (folder / LABELS).write_bytes(idx(np.full(20, 10, np.uint8)))
    with pytest.raises(ValueError, match="have the label 10; expected labels from 0 to 9"):
        FashionMNIST(str(folder), "train")


def test_there_is_no_other_split(folder: Path) -> None:
    with pytest.raises(ValueError, match="split of MNIST is 'train' or 'test'; got 'val'"):
        MNIST(str(folder), "val")  # type: ignore[arg-type]  # that is the mistake
