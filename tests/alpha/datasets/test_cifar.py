"""The CIFAR datasets, from files such as they are published: pickles of Python 2 in an archive."""

from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mmalpha.datasets import CIFAR10, CIFAR100, PackClsInputs

BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def python2_pickle(labels: list[int], pixels: npt.NDArray[np.uint8], key: str) -> bytes:
    """Return what `cPickle.dump(..., protocol=2)` of Python 2 writes for a batch."""
    count = len(labels)
    content = pixels.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01" + b"M" + struct.pack("<H", count) + b"M\x00\x0c\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        b"K\x00tb\x89T" + struct.pack("<I", len(content)) + content + b"tb"
    )
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    names = b"](" + b"".join(text(f"{number}.png") for number in range(count)) + b"e"
    fields = {"data": array, key: numbers, "batch_label": text("a batch"), "filenames": names}
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in fields.items()) + b"u."


def batch(number: int, count: int = 4, classes: int = 10) -> tuple[list[int], Any]:
    """Labels and pixels of a batch, all of which differ."""
    rng = np.random.default_rng(number)
    labels = rng.integers(classes, size=count).tolist()
    return labels, rng.integers(0, 256, (count, 3072), np.uint8)


def write_archive(path: Path, folder: str, contents: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a small archive of CIFAR-10."""
    contents = {
        name: python2_pickle(*batch(number), "labels")
        for number, name in enumerate([*BATCHES, "test_batch"])
    }
    write_archive(tmp_path / CIFAR10.archive, CIFAR10.folder, contents)
    return tmp_path


def extract(root: Path) -> Path:
    with tarfile.open(root / CIFAR10.archive) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            content = tar.extractfile(member)
            assert content is not None
            (root / member.name).parent.mkdir(exist_ok=True)
            (root / member.name).write_bytes(content.read())
    (root / CIFAR10.archive).unlink()
    return root / CIFAR10.folder


@pytest.mark.parametrize("extracted", [False, True])
def test_both_splits_are_read(root: Path, extracted: bool) -> None:
    if extracted:
        extract(root)
    train, test = (CIFAR10(str(root), split, verify=False) for split in ("train", "test"))
    assert (len(train), len(test)) == (20, 4)
    for number, data, first in ((2, train, 8), (5, test, 0)):
        labels, pixels = batch(number)
        for index in range(4):
            info = data.get_data_info(first + index)
            assert info["gt_label"] == labels[index]
            assert torch.equal(info["img"], torch.from_numpy(pixels[index].reshape(3, 32, 32)))
    assert train.metainfo["classes"][9] == "truck"


def test_cifar_100_has_its_own_files(tmp_path: Path) -> None:
    contents = {
        name: python2_pickle(*batch(number, classes=100), "fine_labels")
        for number, name in enumerate(["train", "test"])
    }
    write_archive(tmp_path / "cifar-100-python.tar.gz", "cifar-100-python", contents)
    data = CIFAR100(str(tmp_path), "test", verify=False, pipeline=[PackClsInputs()])
    labels = [data[index]["data_samples"].gt_label.item() for index in range(len(data))]
    assert labels == batch(1, classes=100)[0]
    assert len(data.metainfo["classes"]) == 100


def test_files_must_be_those_that_were_published(root: Path) -> None:
    message = (
        f"{root / CIFAR10.folder / 'test_batch'} has the MD5 sum [0-9a-f]*; that of the published "
        "file is 40351d587109b95175f43aff81a1287e. With verify=False it is read all the same"
    )
    with pytest.raises(ValueError, match=message):
        CIFAR10(str(root), "test")


def test_a_missing_file_is_named(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cifar-100-python\.tar\.gz is missing, and so is"):
        CIFAR100(str(root), "train")
    folder = extract(root)
    (folder / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_3"):
        CIFAR10(str(root), "train", verify=False)
    write_archive(root / CIFAR10.archive, CIFAR10.folder, {"data_batch_1": b""})
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    with pytest.raises(FileNotFoundError, match=r"cifar-10-python\.tar\.gz: .*data_batch_2"):
        CIFAR10(str(root), "train", verify=False)


def test_a_damaged_archive_is_named(root: Path) -> None:
    archive = root / CIFAR10.archive
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(ValueError, match=f"{archive} is damaged"):
        CIFAR10(str(root), "train", verify=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cos\nsystem\n(U\x04exittR.", r"test_batch can't be read: it names os\.system"),
        (b"](K\x01e.", "test_batch is no file of CIFAR10: expected a dictionary with the array"),
        (python2_pickle([1, 2], batch(0, 2)[1], "fine_labels"), "and the list 'labels'"),
        (python2_pickle([1, 10], batch(0, 2)[1], "labels"), "has labels that are not from 0 to 9"),
    ],
)
def test_other_content_is_refused(root: Path, content: bytes, message: str) -> None:
    (extract(root) / "test_batch").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        CIFAR10(str(root), "test", verify=False)


def test_there_is_no_other_split(root: Path) -> None:
    with pytest.raises(ValueError, match="split of CIFAR10 is 'train' or 'test'; got 'val'"):
        CIFAR10(str(root), "val")  # type: ignore[arg-type]  # that is the mistake
