"""What fsspec leaves to do: replacing in one step, attempts, and errors that say what is wrong."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from engine import fileio
from engine.fileio import FsspecBackend

Probe = Callable[[str], str]


class _InPlace(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Writes a file bit by bit under its own name; the connection may break on the way."""

    protocol = "inplace"
    breaks: ClassVar[list[Exception]] = []
    seen: ClassVar[list[bytes | None]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return f"/{path.removeprefix('inplace://').strip('/')}"

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        super().pipe_file(path, value[: len(value) // 2])
        self.seen.append(self.cat_file("/a.bin") if self.exists("/a.bin") else None)
        if self.breaks:
            raise self.breaks.pop(0)
        super().pipe_file(path, value)

    def put_file(self, lpath: str, rpath: str, **kwargs: Any) -> None:
        self.pipe_file(rpath, Path(lpath).read_bytes())


fsspec.register_implementation("inplace", _InPlace)
FAST = {"retry_wait": 0}


@pytest.fixture
def in_place(monkeypatch: pytest.MonkeyPatch) -> type[_InPlace]:
    """The class of the file system behind `inplace://`, which is empty."""
    for name, empty in {"store": {}, "pseudo_dirs": [""], "breaks": [], "seen": []}.items():
        monkeypatch.setattr(_InPlace, name, empty)
    return _InPlace


def test_a_reader_sees_the_former_file_until_the_new_one_is_whole(
    in_place: type[_InPlace], tmp_path: Path
) -> None:
    fileio.put(b"former", "inplace://a.bin")
    in_place.breaks[:] = [ConnectionResetError("gone"), TimeoutError("late")]
    fileio.put(b"new one", "inplace://a.bin", FAST)
    assert fileio.get("inplace://a.bin") == b"new one"
    assert in_place.seen == [None, b"former", b"former", b"former"]
    (tmp_path / "x").write_bytes(b"newer")
    fileio.copyfile_from_local(tmp_path / "x", "inplace://a.bin")
    assert in_place.seen[4:] == [b"new one"]
    assert [*in_place.store] == ["/a.bin"]


def test_nothing_is_left_of_a_write_that_fails(in_place: type[_InPlace]) -> None:
    fileio.put(b"former", "inplace://a.bin")
    in_place.breaks[:] = [BrokenPipeError("gone")] * 9
    with pytest.raises(
        ConnectionError,
        match=r"^inplace://a\.bin can't be written: the last of 3 attempts failed with "
        r"BrokenPipeError: gone$",
    ):
        fileio.put(b"new one", "inplace://a.bin", {"max_retries": 2, **FAST})
    assert len(in_place.breaks) == 6
    assert [*in_place.store] == ["/a.bin"]
    assert fileio.get("inplace://a.bin") == b"former"


def test_a_name_does_not_lead_out_of_a_folder(in_place: type[_InPlace], tmp_path: Path) -> None:
    for name in ("a.bin", "../../b.bin"):
        MemoryFileSystem.pipe_file(in_place(), f"/x/y/{name}", b"")
    with pytest.raises(ValueError, match=r"can't be copied: '\.\./\.\./b\.bin' in it leads out of"):
        fileio.copytree_to_local("inplace://x/y", tmp_path / "1" / "2" / "3")
    assert [*tmp_path.rglob("b.bin")] == []


class _OfALibrary(Exception):
    """What an unknown library raises."""


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (PermissionError("Forbidden"), PermissionError, "inplace://a can't be written: Forbidden"),
        (OSError(28, "full"), OSError, r"inplace://a can't be written: \[Errno 28\] full"),
        (_OfALibrary("odd"), OSError, "inplace://a can't be written: _OfALibrary: odd"),
        (TypeError("no such option"), TypeError, "no such option"),
    ],
)
def test_other_errors_are_not_tried_again(
    in_place: type[_InPlace], error: Exception, kind: type[Exception], text: str
) -> None:
    in_place.breaks[:] = [error, error]
    with pytest.raises(kind, match=f"^{text}$"):
        fileio.put(b"new one", "inplace://a", FAST)
    assert in_place.breaks == [error]


def test_the_wait_doubles(in_place: type[_InPlace], monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    in_place.breaks[:] = [ConnectionError()] * 3
    fileio.put(b"", "inplace://a.bin")
    assert waits == [0.2, 0.4, 0.8]


def test_one_object_serves_all_urls() -> None:
    backend = FsspecBackend()
    name = uuid.uuid4().hex
    backend.put(b"content", f"memory://{name}/a.bin")
    assert backend.get(f"memory://{name}/a.bin") == b"content"
    assert (backend.name, backend.allow_symlink) == ("FsspecBackend", False)
    with backend.get_local_path(f"memory://{name}/a.bin") as path:
        assert backend.get(f"file://{path}") == b"content"


def test_an_unknown_storage() -> None:
    with pytest.raises(
        ValueError, match=r"^memry://x: there is no storage 'memry'; did you mean 'memory'\?$"
    ):
        fileio.get("memry://x")


@pytest.mark.parametrize(
    ("missing", "url", "told"),
    [
        ("s3fs", "s3://b/x", 'a package is missing; pip install "engine[s3]"'),
        ("aiohttp", "https://localhost/x", 'a package is missing; pip install "engine[http]"'),
        ("paramiko", "sftp://localhost/x", 'a package is missing; SFTPFileSystem requires "param'),
    ],
)
def test_a_missing_package(probe: Probe, missing: str, url: str, told: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from engine import fileio\n"
        "try:\n"
        f"    fileio.get({url!r})\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    assert probe(program).startswith(f"{url}: {told}")


def test_local_files_need_no_fsspec(probe: Probe, tmp_path: Path) -> None:
    program = (
        "import sys; from engine import fileio\n"
        f"fileio.put(b'', {str(tmp_path / 'a')!r}); fileio.get({str(tmp_path / 'a')!r})\n"
        "print(sorted({'fsspec', 'lmdb', 'yaml', 'numpy', 'torch'} & set(sys.modules)))\n"
    )
    assert probe(program) == "[]\n"
