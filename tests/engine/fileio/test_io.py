"""Bytes and text, local and behind a URL."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from engine import fileio


@pytest.fixture(params=["path", "file", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of an empty folder on each kind of file system."""
    names = {
        "path": str(tmp_path),
        "file": f"file://{tmp_path}",
        "memory": f"memory://{uuid.uuid4().hex}",
    }
    return names[request.param]


def test_what_was_put_is_got(folder: str) -> None:
    name = fileio.join_path(folder, "a", "b.bin")
    assert not fileio.exists(name)
    fileio.put(b"\x00\xff", name)
    assert fileio.get(name) == b"\x00\xff"
    assert fileio.exists(name)
    assert fileio.isfile(name)
    assert not fileio.isdir(name)
    assert fileio.isdir(fileio.join_path(folder, "a"))


def test_text_is_utf8(folder: str) -> None:
    name = fileio.join_path(folder, "b.txt")
    fileio.put_text("é", name)
    assert fileio.get(name) == "é".encode()
    assert fileio.get_text(name) == "é"
    assert fileio.get_text(name, encoding="latin-1") == "Ã©"


def test_a_missing_file_is_an_error_that_names_it(folder: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.bin"):
        fileio.get(fileio.join_path(folder, "nothing.bin"))


def test_a_failed_put_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    fileio.put(b"old", path)
    with pytest.raises(TypeError):
        fileio.put("text", path)  # type: ignore[arg-type]  # the mistake under test
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_join_path_follows_its_first_part() -> None:
    assert fileio.join_path("a", "b", "c.txt") == str(Path("a") / "b" / "c.txt")
    assert fileio.join_path("a", "/b") == "/b"
    assert fileio.join_path("s3://bucket/a/", "b", "/c") == "s3://bucket/a/b/c"


def test_list_from_file(folder: str) -> None:
    name = fileio.join_path(folder, "lines.txt")
    fileio.put(b"a\r\nb\n\nd\x0ce\n", name)
    assert fileio.list_from_file(name) == ["a", "b", "", "d\x0ce"]
    assert fileio.list_from_file(name, prefix="x/", offset=1, max_num=1) == ["x/b"]
    assert fileio.list_from_file(name, offset=3) == ["d\x0ce"]


@pytest.mark.parametrize(("content", "lines"), [("", []), ("\n", [""]), ("a", ["a"])])
def test_list_from_short_files(tmp_path: Path, content: str, lines: list[str]) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(content)
    assert fileio.list_from_file(path) == lines
