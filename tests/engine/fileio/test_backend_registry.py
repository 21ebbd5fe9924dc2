"""Which backend a name belongs to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from engine import fileio
from engine.fileio import (
    BaseStorageBackend,
    FsspecBackend,
    HTTPBackend,
    LmdbBackend,
    LocalBackend,
    backends,
    get_file_backend,
    register_backend,
)


class _Kept(BaseStorageBackend):
    """Keeps files in a dictionary; it has no verbs but these."""

    files: ClassVar[dict[str, bytes]] = {}
    made: ClassVar[int] = 0

    def __init__(self, flavour: Any = "plain") -> None:
        self.flavour = flavour
        type(self).made += 1

    def get(self, filepath: str | os.PathLike[str]) -> bytes:
        return self.files[str(filepath)]

    def put(self, obj: bytes, filepath: str | os.PathLike[str]) -> None:
        self.files[str(filepath)] = obj


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name and prefix of a backend that is registered for a test."""
    monkeypatch.setattr(_Kept, "files", {})
    monkeypatch.setattr(_Kept, "made", 0)
    name = f"kept{uuid4().hex}"
    assert register_backend(name, _Kept, prefixes=name) is _Kept
    return name


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("a/b.txt", LocalBackend),
        (Path("/a"), LocalBackend),
        ("file:///a", LocalBackend),
        ("s3://b/x", FsspecBackend),
        ("memory://x", FsspecBackend),
        ("simplecache::s3://b/x", FsspecBackend),
        ("http://x", HTTPBackend),
        ("https://x", HTTPBackend),
    ],
)
def test_the_prefix_decides(uri: str | Path, kind: type[BaseStorageBackend]) -> None:
    assert type(get_file_backend(uri)) is kind


def test_a_name_goes_before_the_prefix() -> None:
    assert type(get_file_backend("a/b.txt", backend_args={"backend": "fsspec"})) is FsspecBackend
    lmdb = {"backend": "lmdb", "db_path": "x", "readahead": True}
    assert type(get_file_backend(backend_args=lmdb)) is LmdbBackend
    assert lmdb == {"backend": "lmdb", "db_path": "x", "readahead": True}


def test_equal_arguments_can_share_an_object(kept: str) -> None:
    def made(flavour: Any, shared: bool = True) -> BaseStorageBackend:
        args = {"backend": kept, "flavour": flavour}
        return get_file_backend(backend_args=args, enable_singleton=shared)

    nested = made({"a": [1, {"b": 2}]})
    assert made({"a": [1, {"b": 2}]}) is nested
    assert made({"a": [1, {"b": 3}]}) is not nested
    assert made(1) is made(1)
    assert made(1) is not made(True)
    assert made(1, shared=False) is not made(1)
    before = _Kept.made
    for _ in range(3):
        fileio.put(b"", f"{kept}://x")
    assert _Kept.made == before + 1


def test_a_custom_backend(kept: str, tmp_path: Path) -> None:
    name = f"{kept}://folder/a.json"
    fileio.dump({"a": 1}, name)
    assert _Kept.files == {name: b'{"a": 1}'}
    assert fileio.load(name) == {"a": 1}
    assert fileio.get_text(name) == '{"a": 1}'
    assert fileio.join_path(f"{kept}://folder", "/a.json") == name
    with fileio.get_local_path(name) as path:
        assert Path(path).name == "a.json"
        assert Path(path).read_bytes() == b'{"a": 1}'
    assert fileio.copyfile_to_local(name, tmp_path) == tmp_path / "a.json"
    with pytest.raises(NotImplementedError, match=r"^_Kept has no exists$"):
        fileio.exists(name)
    with pytest.raises(NotImplementedError, match=r"^_Kept has no list_dir_or_file$"):
        fileio.list_dir_or_file(f"{kept}://folder")


def test_a_decorator_and_several_prefixes(kept: str) -> None:
    @register_backend(f"{kept}-2", prefixes=[f"{kept}-a", f"{kept}-b"])
    class Other(_Kept):
        pass

    assert type(get_file_backend(f"{kept}-a://x")) is Other
    assert type(get_file_backend(f"{kept}-b://x")) is Other
    with pytest.raises(ValueError, match=f"'{kept}' belongs to _Kept already; force=True"):
        register_backend(kept, Other)
    with pytest.raises(ValueError, match=f"'{kept}-b' belongs to Other already; force=True"):
        register_backend(f"{kept}-3", _Kept, prefixes=f"{kept}-b")
    with pytest.raises(ValueError, match=f"there is no storage backend '{kept}-3'"):
        get_file_backend(backend_args={"backend": f"{kept}-3"})
    register_backend(kept, Other, force=True, prefixes=kept)
    assert type(get_file_backend(f"{kept}://x", enable_singleton=True)) is Other


def test_mistakes() -> None:
    with pytest.raises(
        ValueError, match=r"no storage backend 'loca'; did you mean 'local'\?; known"
    ):
        fileio.get("a", {"backend": "loca"})
    with pytest.raises(ValueError, match="a uri, or 'backend' in backend_args, must be given"):
        get_file_backend()
    with pytest.raises(ValueError, match=r"^a URL must be a str, since a Path .* got s3:/b/x"):
        fileio.get(Path("s3://b/x"))
    with pytest.raises(TypeError, match=r"backend_args of LocalBackend: .*'anon'"):
        fileio.get("a", {"anon": True})
    with pytest.raises(TypeError, match=r"backend_args of LmdbBackend: .*'db_path'"):
        fileio.get("a", {"backend": "lmdb"})
    with pytest.raises(TypeError, match="a backend must be a subclass of BaseStorageBackend; got"):
        register_backend("x", dict)  # type: ignore[type-var]  # the mistake under test
    with pytest.raises(TypeError, match="abstract"):
        BaseStorageBackend()  # type: ignore[abstract]  # the mistake under test


def test_the_module_of_backends() -> None:
    assert {name: getattr(fileio, name) for name in backends.__all__} == {
        name: getattr(backends, name) for name in backends.__all__
    }
