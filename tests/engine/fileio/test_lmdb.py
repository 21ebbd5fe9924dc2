"""Files in a database of LMDB."""

from __future__ import annotations

import copy
import os
import sys
import threading
from pathlib import Path
from typing import Any

import lmdb
import pytest
from torch.utils.data import DataLoader, Dataset

from engine import fileio
from engine.fileio import LmdbBackend

FILES = {"a.txt": "é\n".encode(), "images/0": b"\x00\xff", "empty": b""}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data.lmdb"
    with lmdb.open(str(path), map_size=1 << 20) as opened, opened.begin(write=True) as transaction:
        for name, content in FILES.items():
            transaction.put(name.encode(), content)
    return path


def test_values_are_read(database: Path) -> None:
    backend = LmdbBackend(database)
    assert {name: backend.get(name) for name in FILES} == FILES
    assert backend.get(Path("images/0")) == b"\x00\xff"
    assert backend.get_text("a.txt") == "é\n"
    assert backend.get_text("a.txt", "latin-1") == "Ã©\n"
    assert backend.exists("empty")
    assert backend.isfile("a.txt")
    assert not backend.exists("images")


def test_the_arguments_name_it(database: Path) -> None:
    args = {"backend": "lmdb", "db_path": str(database)}
    assert fileio.get("images/0", args) == b"\x00\xff"
    assert fileio.list_from_file("a.txt", backend_args=args) == ["é"]
    with fileio.get_local_path("a.txt", args) as path:
        assert Path(path).read_bytes() == FILES["a.txt"]


def test_two_objects_of_one_database(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    assert LmdbBackend(database).get("empty") == LmdbBackend("data.lmdb").get("empty")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "file.lmdb"
    with lmdb.open(str(path), subdir=False) as opened, opened.begin(write=True) as transaction:
        transaction.put(b"a", b"b")
    assert LmdbBackend(path, subdir=False).get("a") == b"b"


def test_mistakes(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"data\.lmdb has no 'nothing'"):
        LmdbBackend(database).get("nothing")
    with pytest.raises(FileNotFoundError, match="there is no database nowhere"):
        LmdbBackend("nowhere").get("a")
    with pytest.raises(NotImplementedError, match="LmdbBackend has no put"):
        LmdbBackend(database).put(b"", "a")
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(ImportError, match=r'LmdbBackend needs lmdb: pip install "engine\[lmdb\]"'):
        LmdbBackend(database)


def test_threads_share_it(database: Path) -> None:
    backend, start = LmdbBackend(database), threading.Barrier(8)
    found: list[bytes] = []

    def read() -> None:
        start.wait()
        found.append(backend.get("images/0"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"\x00\xff"] * 8


class _Values(Dataset[tuple[bytes, int]]):
    def __init__(self, database: Path) -> None:
        self.backend = LmdbBackend(database)
        self.names = [*FILES] * 4

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[bytes, int]:
        return self.backend.get(self.names[index]), os.getpid()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_worker_processes_read_it(database: Path) -> None:
    data = _Values(database)
    here = [data[index][0] for index in range(len(data))]  # opened before the workers are forked
    loader: DataLoader[Any] = DataLoader(data, batch_size=None, num_workers=2)
    for _ in range(2):
        read = list(loader)
        assert [content for content, _ in read] == here
        assert os.getpid() not in {process for _, process in read}
    assert [data[index][0] for index in range(len(data))] == here


def test_a_copy_is_read_too(database: Path) -> None:
    backend = LmdbBackend(database)
    backend.get("empty")
    assert copy.deepcopy(backend).get("images/0") == b"\x00\xff"  # as a spawned worker has it
