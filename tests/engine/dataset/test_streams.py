"""Streams that several processes and workers share."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, IterableDataset
from webdataset.tariterators import group_by_keys, tar_file_expander

from engine.dataset import ShardedStream, length_of, make_resumable
from engine.registry import DATASETS
from engine.testing import as_process


class Numbers(IterableDataset[int]):
    """The numbers from zero, which tell of the pass."""

    def __init__(self, length: int) -> None:
        self.length, self.epoch = length, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        return iter(range(100 * self.epoch, 100 * self.epoch + self.length))


class Files(IterableDataset[str]):
    """The lines of files."""

    def __init__(self, *lengths: int) -> None:
        self.shards: Any = [*enumerate(lengths)]

    def __iter__(self) -> Iterator[str]:
        for number, length in self.shards:
            yield from (f"{number}.{line}" for line in range(length))


def shares(stream: IterableDataset[Any], world_size: int, workers: int) -> list[ShardedStream]:
    """Return a stream for each worker of each process, in their order."""
    streams = []
    for rank in range(world_size):
        with as_process(rank, world_size):
            streams += [ShardedStream(stream) for _ in range(workers)]
    return streams


def read(share: ShardedStream, worker: int, workers: int) -> Iterator[Any]:
    """Read as a worker does, which may not know of the other processes."""
    info = SimpleNamespace(id=worker, num_workers=workers) if workers else None
    with patch("engine.dataset._streams.get_worker_info", return_value=info):
        yield from share


@given(
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(0, 40).map(Numbers) | st.lists(st.integers(0, 5)).map(lambda each: Files(*each)),
    st.integers(0, 9),
)
def test_each_sample_is_in_one_share(
    world_size: int, workers: int, stream: Any, taken: int
) -> None:
    found = []
    for number, share in enumerate(shares(stream, world_size, max(workers, 1))):
        place = number % max(workers, 1), workers
        begun = [*islice(read(share, *place), taken)]
        resumed = ShardedStream(stream)
        resumed.rank, resumed.world_size = share.rank, share.world_size
        resumed.load_state_dict(share.state_dict())
        whole = [*begun, *read(resumed, *place)]
        assert [*read(share, *place)] == whole  # a new pass begins at the start
        found.append(whole)
    assert sorted(chain.from_iterable(found)) == sorted(stream)
    if isinstance(stream, Numbers):  # as metrics put the results of processes together
        assert [sorted(share) for share in found] == found
        lengths = [*map(len, found)]
        assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_reads_each_sample_once_in_each_pass(workers: int) -> None:
    context = "fork" if workers else None
    stream = DATASETS.build(dict(type="ShardedStream", dataset=dict(type=Numbers, length=11)))
    assert length_of(stream) is None
    loader = make_resumable(
        DataLoader(stream, 3, num_workers=workers, multiprocessing_context=context), seed=0
    )
    for epoch in (0, 1):
        found = sorted(number for batch in loader.one_pass(epoch) for number in batch.tolist())
        assert found == [*range(100 * epoch, 100 * epoch + 11)]


def test_data_that_are_read_by_index_are_refused() -> None:
    with pytest.raises(TypeError, match="must be an IterableDataset; got list, which is read by"):
        DATASETS.build(dict(type="ShardedStream", dataset=dict(type=lambda: [1, 2])))


def write_digits(folder: Path, count: int, size: int) -> list[str]:
    """Write the digits of scikit-learn in files of tar, as webdataset reads them."""
    digits = load_digits()
    paths = []
    for shard in range(count):
        paths.append(str(folder / f"digits-{shard:02}.tar"))
        with tarfile.open(paths[-1], "w") as file:
            for index in range(shard * size, (shard + 1) * size):
                image = io.BytesIO()
                np.save(image, digits.images[index].astype(np.uint8))
                label = str(digits.target[index]).encode()
                for suffix, content in (("npy", image.getvalue()), ("cls", label)):
                    member = tarfile.TarInfo(f"{index:04}.{suffix}")
                    member.size = len(content)
                    file.addfile(member, io.BytesIO(content))
    return paths


class WebDigits(IterableDataset[Any]):
    """Images and labels in the files that webdataset reads."""

    def __init__(self, shards: list[str]) -> None:
        self.shards = shards

    def __iter__(self) -> Iterator[Any]:
        decode, choose = webdataset.decode(), webdataset.to_tuple("npy", "cls")
        for path in self.shards:
            with open(path, "rb") as stream:
                files = tar_file_expander([{"url": path, "stream": stream}])
                yield from choose(decode(group_by_keys(files)))


def test_processes_share_the_files_of_webdataset(tmp_path: Path) -> None:
    stream = WebDigits(write_digits(tmp_path, 5, 10))
    found = [[*read(share, 0, 0)] for share in shares(stream, 3, 1)]
    assert [len(share) for share in found] == [20, 20, 10]
    digits = load_digits()
    labels = [*digits.target[:10], *digits.target[30:40]]  # of the files 0 and 3
    assert [label for _, label in found[0]] == labels
    assert (found[0][0][0] == digits.images[0]).all()
