"""Values in files: JSON, YAML, pickle and formats of ones own."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from engine.fileio import (
    BaseFileHandler,
    JsonHandler,
    NotPlainError,
    PickleHandler,
    YamlHandler,
    dump,
    load,
    register_handler,
)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(value=PLAIN)
def test_json_gives_back_what_was_dumped(value: Any) -> None:
    text = dump(value, file_format="json")
    assert isinstance(text, str)
    assert load(io.StringIO(text), file_format="json") == value


@given(
    st.text(st.sampled_from('0123456789eE+-.[]{}":,truefalsn \\u\t\ufeff'), max_size=40)
    | st.floats().map(repr)
)
@example("1" * 40)
@example("NaN")
@example('{"a": 1e400, "a": -0}')
@example(r'"\ud800"')
def test_json_is_read_as_python_reads_it(text: str) -> None:
    try:
        expected = json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        with pytest.raises(ValueError, match="line 1 column"):
            load(io.StringIO(text), file_format="json")
    else:
        assert repr(load(io.StringIO(text), file_format="json")) == repr(expected)


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
    assert isinstance(text, str)
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


class _Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["a.pkl", "a.pickle"])
def test_pickle_of_plain_data_is_read(tmp_path: Path, name: str) -> None:
    dump({"a": (1, {2})}, tmp_path / name)
    assert load(tmp_path / name) == {"a": (1, {2})}
    assert load(tmp_path / name, allow_pickle=True) == {"a": (1, {2})}
    content = dump([1], file_format="pkl", protocol=4)
    assert isinstance(content, bytes)
    assert load(io.BytesIO(content), file_format="pickle") == [1]
    assert load(io.BytesIO(content), file_format="pickle", allow_pickle=True) == [1]


def test_texts_of_python_2_are_read_in_their_encoding() -> None:
    content = b"(dp0\nS'name'\nU\x02\xc3\xa9s."
    assert load(io.BytesIO(content), "pkl", encoding="utf-8") == {"name": "é"}
    assert load(io.BytesIO(content), "pkl", encoding="bytes") == {b"name": b"\xc3\xa9"}


def test_pickle_of_other_things_is_refused(tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "a.pkl"
    dump(_Bomb(trace), file)
    with pytest.raises(
        NotPlainError,
        match=rf"^{file} is not read: it names pathlib.* can run any code.*set allow_pickle=True$",
    ):
        load(file)
    with file.open("rb") as opened, pytest.raises(ValueError, match=r"a\.pkl is not read"):
        load(opened)
    assert not trace.exists()
    load(file, allow_pickle=True)
    assert trace.exists()  # which is why


def test_a_malformed_pickle_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"no pickle")
    (tmp_path / "b.pkl").write_bytes(b"")
    for name in ("a.pkl", "b.pkl"):
        with pytest.raises(ValueError, match=f"{name} is malformed: "):
            load(tmp_path / name, allow_pickle=True)
        with pytest.raises(ValueError, match=f"{name} is malformed: no pickle, or not a whole one"):
            load(tmp_path / name)


@pytest.mark.parametrize("handler", [JsonHandler(), YamlHandler(), PickleHandler()])
def test_handlers_by_themselves(tmp_path: Path, handler: BaseFileHandler) -> None:
    value = {"a": [1, 2.5, "é"]}
    handler.dump_to_path(value, tmp_path / "file")
    assert handler.load_from_path(tmp_path / "file") == value
    content = handler.dump_to_str(value)
    assert isinstance(content, str) == handler.str_like
    file = io.StringIO() if handler.str_like else io.BytesIO()
    handler.dump_to_fileobj(value, file)
    assert file.getvalue() == content
    file.seek(0)
    assert handler.load_from_fileobj(file) == value


def test_options_of_a_format(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "a.yaml").write_text("a: 1")
    assert load(tmp_path / "a.json", object_pairs_hook=list) == [("a", 1)]
    with pytest.raises(TypeError, match="YAML has no options for reading; got Loader"):
        load(tmp_path / "a.yaml", Loader=None)
    assert dump({"b": 1, "a": 2}, file_format="yaml", sort_keys=True) == "a: 2\nb: 1\n"


class _Lines(BaseFileHandler):
    """A list of strings, one on a line."""

    def __init__(self, comment: str = "#") -> None:
        self.comment = comment

    def load_from_fileobj(self, file: IO[Any], **kwargs: Any) -> list[str]:
        lines: list[str] = file.read().splitlines()
        if "" in lines:
            raise ValueError("an empty line")
        return [line for line in lines if not line.startswith(self.comment)]

    def dump_to_fileobj(self, obj: list[str], file: IO[Any], **kwargs: Any) -> None:
        file.write(self.dump_to_str(obj))

    def dump_to_str(self, obj: list[str], **kwargs: Any) -> str:
        return "\n".join(obj)


def test_a_format_of_ones_own(tmp_path: Path) -> None:
    one, other = uuid4().hex, uuid4().hex
    assert register_handler([one, other], comment="%")(_Lines) is _Lines
    dump(["a", "%b", "#c"], tmp_path / f"x.{one}")
    assert load(tmp_path / f"x.{one}") == ["a", "#c"]
    assert load(io.StringIO("a"), file_format=other) == ["a"]
    with pytest.raises(ValueError, match=r"the given file is malformed: an empty line"):
        load(io.StringIO("a\n\nb"), file_format=one)
    with pytest.raises(ValueError, match="belongs to _Lines already; force=True replaces it"):
        register_handler(one)(_Lines)
    register_handler(one, force=True)(_Lines)
    assert load(tmp_path / f"x.{one}") == ["a", "%b"]
    with pytest.raises(
        TypeError, match=r"a handler must be a subclass of BaseFileHandler; got .*dict"
    ):
        register_handler("x")(dict)  # type: ignore[type-var]  # the mistake under test


def test_the_format_must_be_known() -> None:
    with pytest.raises(
        ValueError, match=r"a\.txt: unknown format 'txt'; known are json, yaml, yml"
    ):
        load("a.txt")
    with pytest.raises(ValueError, match=r"file_format .* is needed"):
        dump(math.pi)
