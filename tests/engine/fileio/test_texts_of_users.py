"""Every text that a user gives goes through one decoder, and its numbers through one reader."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config
from engine.dataset import BaseDataset
from engine.fileio import dict_from_file, dump, get_text, list_from_file, load

READERS: dict[str, Callable[[str], Any]] = {
    "text.txt": get_text,
    "list.txt": list_from_file,
    "dict.txt": dict_from_file,
    "data.json": load,
    "data.yaml": load,
    "cfg.json": Config.fromfile,
    "cfg.yaml": Config.fromfile,
    "cfg.toml": Config.fromfile,
    "cfg.py": Config.fromfile,
    "classes.txt": lambda name: BaseDataset(metainfo={"classes": name}, lazy_init=True).metainfo,
    "ann.json": lambda name: BaseDataset(ann_file=name).get_data_info(0)["img_path"],
}
TEXTS = {
    "txt": "cat é\ndog 2\n",
    "json": '{"data_list": [{"img_path": "é.png"}], "metainfo": {}}',
    "yaml": "a: é\n",
    "toml": "a = 'é'\n",
    "py": "a = 'é'\n",
}


@pytest.mark.parametrize("name", READERS)
def test_a_byte_order_mark_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(TEXTS[name.rpartition(".")[2]], encoding="utf-8")
    expected = READERS[name](name)
    Path(name).write_text(TEXTS[name.rpartition(".")[2]], encoding="utf-8-sig")
    assert READERS[name](name) == expected


@pytest.mark.parametrize("name", READERS)
def test_another_encoding_is_told_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n" + TEXTS[name.rpartition(".")[2]]
    Path(name).write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=rf"{name}:2: this is no text in UTF-8 \(byte 0xe9\); sav"):
        READERS[name](name)


def test_a_file_that_is_open(tmp_path: Path) -> None:
    assert load(io.StringIO('\ufeff{"a": 1}'), file_format="json") == {"a": 1}
    assert load(io.BytesIO(b'\xef\xbb\xbf{"a": 1}'), file_format="json") == {"a": 1}
    assert load(io.StringIO("\ufeffa: 1"), file_format="yaml") == {"a": 1}


NUMBERS = ["1e-3", "1E5", "-1e3", "+2.5e3", ".5e1", "1_0e2", "1.e2", "1.5", "-3"]
NO_NUMBERS = ["1e", "e3", "1e3x", "1.2.3", "v1e3", "."]


@pytest.mark.parametrize("word", [*NUMBERS, *NO_NUMBERS])
def test_numbers_of_yaml_are_those_of_configs(tmp_path: Path, word: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"a: {word}\nb: '{word}'\n")
    assert load(path) == Config.fromfile(path)
    assert isinstance(load(path)["a"], str) == (word in NO_NUMBERS)


@given(st.sampled_from([*NUMBERS, *NO_NUMBERS]) | st.floats(allow_nan=False) | st.integers())
def test_what_is_written_as_yaml_is_read_again(value: Any) -> None:
    text = dump({"a": value, "b": [value]}, file_format="yaml")
    assert isinstance(text, str)
    back = load(io.StringIO(text), file_format="yaml")
    assert back == {"a": value, "b": [value]}
    assert type(back["a"]) is type(value)
    assert json.dumps(back)
