"""Text files read line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import fileio
from engine.fileio import dict_from_file, list_from_file


def test_list_from_file(folder: str) -> None:
    name = fileio.join_path(folder, "lines.txt")
    fileio.put(b"a\r\nb\n\nd\x0ce\n", name)
    assert list_from_file(name) == ["a", "b", "", "d\x0ce"]
    assert list_from_file(name, prefix="x/", offset=1, max_num=1) == ["x/b"]
    assert list_from_file(name, offset=3) == ["d\x0ce"]


@pytest.mark.parametrize(("content", "lines"), [("", []), ("\n", [""]), ("a", ["a"])])
def test_list_from_short_files(tmp_path: Path, content: str, lines: list[str]) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(content)
    assert list_from_file(path) == lines


def test_dict_from_file(folder: str) -> None:
    name = fileio.join_path(folder, "map.txt")
    fileio.put_text("1 cat\n2\tdog  cow\n\n3 pända\n", name)
    assert dict_from_file(name) == {"1": "cat", "2": ["dog", "cow"], "3": "pända"}
    assert dict_from_file(name, key_type=int) == {1: "cat", 2: ["dog", "cow"], 3: "pända"}
    assert dict_from_file(name, encoding="latin-1")["3"] == "pÃ¤nda"


def test_dict_from_file_passes_arguments_on() -> None:
    with pytest.raises(ValueError, match="there is no storage backend 'nothing'"):
        dict_from_file("a", backend_args={"backend": "nothing"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("1 a\nx b", "map.txt:2: invalid literal for int"),
        ("1 a\n\n2", "map.txt:3: the key 2 has no value"),
        ("1 a\n01 b", "map.txt:2: the key 1 is on a line above already"),
    ],
)
def test_mistakes_have_a_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "map.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=told):
        dict_from_file(path, key_type=int)
