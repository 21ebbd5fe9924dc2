"""Names of files and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.utils import (
    check_file_exist,
    fopen,
    is_abs,
    is_filepath,
    mkdir_or_exist,
    scandir,
    symlink,
)
from engine.utils._path import find_vcs_root


def test_what_can_name_a_file(tmp_path: Path) -> None:
    assert is_filepath("a")
    assert is_filepath(tmp_path)
    assert not is_filepath(b"a")
    assert not is_filepath(3)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a", True), ("s3://b/x", True), ("https://x", True), ("a/b", False), ("", False)],
)
def test_absolute_names(path: str, expected: bool) -> None:
    assert is_abs(path) == expected
    assert is_abs(Path("/a"))
    assert not is_abs(Path("a"))


def test_opening(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with fopen(path, "w", encoding="utf-8") as file:
        file.write("é")
    with fopen(str(path), "rb") as file:
        assert file.read() == "é".encode()
    with pytest.raises(TypeError, match="a file is named by a string or a path, not by 3"):
        fopen(3)  # type: ignore[arg-type]  # the mistake under test


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(FileNotFoundError, match=rf'^file "{path}" does not exist$'):
        check_file_exist(path)
    with pytest.raises(FileNotFoundError, match=rf"^no {path}$"):
        check_file_exist(path, "no {}")
    path.touch()
    check_file_exist(path)


def test_folders_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        mkdir_or_exist(tmp_path / "a" / "b")
        mkdir_or_exist("~/c")
        mkdir_or_exist("")
    assert (tmp_path / "a" / "b").is_dir()
    assert (tmp_path / "c").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        mkdir_or_exist(tmp_path / "file")


def test_links(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "link"
    symlink("one", link)
    assert link.read_text() == "one"
    symlink("other", link)
    assert link.read_text() == "other"
    with pytest.raises(FileExistsError):
        symlink("one", link, overwrite=False)
    assert os.readlink(link) == "other"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.PNG", ".hidden.txt", "sub/c.txt", "sub/deep/d.png", ".git/e.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_scandir(folder: Path) -> None:
    assert [*scandir(folder)] == ["a.PNG", "b.txt"]
    assert [*scandir(str(folder), recursive=True)] == [
        "a.PNG",
        "b.txt",
        "sub/c.txt",
        "sub/deep/d.png",
    ]
    assert [*scandir(folder, ".txt", recursive=True)] == ["b.txt", "sub/c.txt"]
    assert [*scandir(folder, ".png", recursive=True)] == ["sub/deep/d.png"]
    insensitive = scandir(folder, (".png", ".TXT"), recursive=True, case_sensitive=False)
    assert [*insensitive] == ["a.PNG", "b.txt", "sub/c.txt", "sub/deep/d.png"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(scandir(folder / "nowhere"))


def test_the_root_of_a_working_tree(tmp_path: Path) -> None:
    inner = tmp_path / "root" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "root" / ".marker").touch()
    (inner / "file").touch()
    for path in (inner, inner / "file", tmp_path / "root", str(inner)):
        assert find_vcs_root(path, (".other", ".marker")) == str(tmp_path / "root")
    assert find_vcs_root(inner, (".no-such-marker",)) is None
