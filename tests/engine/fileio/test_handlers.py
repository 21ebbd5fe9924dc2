"""Plain data in JSON and YAML."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.fileio import dump, load

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(value=PLAIN)
def test_json_gives_back_what_was_dumped(value: Any) -> None:
    text = dump(value, file_format="json")
    assert text is not None
    assert load(io.StringIO(text), file_format="json") == value


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.yml"])
def test_files_give_back_what_was_dumped(tmp_path: Path, name: str) -> None:
    value = {"b": [1, 2.5, None, "é"], "a": {"nested": True}}
    assert dump(value, tmp_path / name) is None
    loaded = load(tmp_path / name)
    assert loaded == value
    assert list(loaded) == ["b", "a"]


def test_open_files_and_options() -> None:
    file = io.StringIO()
    dump({"a": 1}, file, file_format="json", indent=2)
    assert file.getvalue() == '{\n  "a": 1\n}'
    assert load(io.BytesIO(b"a: 1"), file_format="yaml") == {"a": 1}


def test_array_values_become_plain() -> None:
    value = {
        "array": np.arange(2),
        "scalar": np.float64(0.5),
        "tensor": torch.ones(1),
        "set": {3},
        "range": range(2),
        "path": Path("a"),
    }
    text = dump(value, file_format="json")
    assert text is not None
    assert load(io.StringIO(text), file_format="json") == {
        "array": [0, 1],
        "scalar": 0.5,
        "tensor": [1.0],
        "set": [3],
        "range": [0, 1],
        "path": "a",
    }


@pytest.mark.parametrize("file_format", ["json", "yaml"])
def test_an_object_is_refused(file_format: str) -> None:
    with pytest.raises(TypeError, match="plain data"):
        dump({"a": object()}, file_format=file_format)


def test_yaml_can_not_build_objects(tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(ValueError, match=r"evil\.yaml is malformed"):
        load(tmp_path / "evil.yaml")


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"a": '), ("a.yaml", "a: [1")])
def test_a_malformed_file_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=f"(?s){name} is malformed: .*line 1"):
        load(tmp_path / name)


def test_pickle_is_refused() -> None:
    with pytest.raises(ValueError, match="can run any code"):
        load("weights.pkl")


def test_the_format_must_be_known() -> None:
    with pytest.raises(ValueError, match="unknown format 'txt'; known are json, yaml, yml"):
        load("a.txt")
    with pytest.raises(ValueError, match=r"file_format .* is needed"):
        dump(math.pi)
