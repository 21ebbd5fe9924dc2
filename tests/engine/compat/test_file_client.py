"""The file client over the storage backends."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from engine.compat._file_client import FileClient, HardDiskBackend
from engine.fileio import BaseStorageBackend, HTTPBackend, LocalBackend


class _Answers(BaseStorageBackend):
    """Answers with its argument, whatever is asked for."""

    def __init__(self, answer: Any = b"") -> None:
        self.answer = answer

    def get(self, filepath: Any) -> Any:
        return self.answer


def test_one_instance_for_each_set_of_arguments() -> None:
    FileClient.register_backend("answers", _Answers, force=True)
    assert FileClient() is FileClient("disk") is FileClient(backend="disk")
    assert FileClient("answers", answer=[1]) is FileClient("answers", answer=[1])
    assert FileClient("answers", answer=[1]) is not FileClient("answers", answer=[2])
    assert FileClient("answers", answer=b"b").get("any") == b"b"


def test_a_copy_is_the_instance() -> None:
    FileClient.register_backend("answers", _Answers, force=True)
    for client in (FileClient(), FileClient("answers", answer=3)):
        assert copy.deepcopy(client) is client
        assert pickle.loads(pickle.dumps(client)) is client  # noqa: S301  # written here


def test_it_has_the_methods_of_its_backend(tmp_path: Path) -> None:
    client = FileClient()
    client.put_text("text", tmp_path / "a.txt")
    assert client.get(tmp_path / "a.txt") == b"text"
    assert client.name == "LocalBackend"
    with client.get_local_path(tmp_path / "a.txt") as path:
        assert path == str(tmp_path / "a.txt")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        client.nothing()


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [("s3://a/b", "s3"), ("cluster:s3://a", "s3"), ("/a/b", None), (Path("a"), None)],
)
def test_the_prefix_of_a_name(uri: str | Path, prefix: str | None) -> None:
    assert FileClient.parse_uri_prefix(uri) == prefix


def test_the_client_of_a_file_or_of_arguments() -> None:
    assert isinstance(FileClient.infer_client(uri="/a/b").client, LocalBackend)
    assert isinstance(FileClient.infer_client(uri="http://a/b").client, HTTPBackend)
    assert isinstance(FileClient.infer_client({"prefix": "http"}).client, HTTPBackend)
    assert FileClient.infer_client({"backend": "disk"}) is FileClient()
    with pytest.raises(ValueError, match="file_client_args or uri must be given"):
        FileClient.infer_client()
    with pytest.raises(ValueError, match="no storage backend 'dsk'; did you mean 'disk'"):
        FileClient("dsk")


def test_a_backend_by_prefix() -> None:
    decorate = FileClient.register_backend("prefixed", force=True, prefixes=["answers"])
    assert decorate is not None
    decorate(_Answers)
    assert isinstance(FileClient(prefix="answers").client, _Answers)
    with pytest.raises(ValueError, match="'prefixed' belongs to _Answers already"):
        FileClient.register_backend("prefixed", _Answers)


def test_the_local_backend_by_its_old_name(tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="write LocalBackend"):
        backend = HardDiskBackend()
    assert backend.exists(tmp_path)
