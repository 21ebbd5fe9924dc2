"""The canonical text of a config."""

from __future__ import annotations

import builtins
import collections
import enum
import keyword
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.config import Config, ConfigError

from .conftest import Write

WORDS = [
    "{{ fileDirname }}",
    "{{ $HOME:x }}",
    "{{ _base_.x }}",
    "{{",
    "{{{",
    "'",
    '"',
    "\\",
    "\r\n",
]
FLOATS = st.floats(allow_nan=False)
TEXTS = st.text(max_size=12) | st.sampled_from([*WORDS, "'", '"', "\\", "\r\n"])
ODD_TEXTS = TEXTS | st.text(st.characters(), max_size=4)  # with halves of characters
KEYS = TEXTS.filter(lambda key: key != "_delete_")
SPECIAL = {"_base_", "_deprecation_", "custom_imports"}
NAMES = (
    st.sampled_from(["dict", "float", "globals", "set", "frozenset", "range", "print", "text"])
    | st.sampled_from([*keyword.kwlist, *keyword.softkwlist, "filename", "keys", "dump", "ﬁle"])
    | st.from_regex(r"[a-z]\w{0,5}", fullmatch=True)
    | KEYS
).filter(lambda name: not name.startswith("__") and name not in SPECIAL)


def trees(atoms: st.SearchStrategy[Any], keys: st.SearchStrategy[Any], *, tuples: bool) -> Any:
    """Return a strategy for configs."""

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        lists = st.lists(inner, max_size=3)
        both = lists | lists.map(tuple) if tuples else lists
        return both | st.dictionaries(keys, inner, max_size=3)

    return st.dictionaries(NAMES, st.recursive(atoms, deeper, max_leaves=8), max_size=4)


ATOMS = st.none() | st.booleans() | st.integers() | FLOATS
SETS = st.sets(FLOATS | st.text(max_size=2), max_size=2)
PYTHON_ATOMS = (
    ATOMS
    | ODD_TEXTS
    | st.binary(max_size=3)
    | st.complex_numbers(allow_nan=False)
    | SETS
    | SETS.map(frozenset)
    | st.builds(range, st.integers(-9, 9))
)
PYTHON_KEYS = KEYS | st.integers() | FLOATS | st.none() | st.tuples(st.integers(), TEXTS)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, and of the same types all the way down."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        pairs = zip(one, other, strict=True)
        return type(one) is type(other) and all(same(*pair) for pair in pairs)
    if isinstance(one, (set, frozenset)):
        return type(one) is type(other) and one == other
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dump")


@given(trees(PYTHON_ATOMS, PYTHON_KEYS, tuples=True))
@example({"dict": 1, "float": {"a": math.inf}})
@example({"a": {(1, 2): 3}})
@example({"a": {math.inf}})
@example({"a": complex(0, math.inf)})
@example({"a": {"{{ fileDirname }}"}})
def test_python_text_is_read_again(tree: dict[str, Any]) -> None:
    cfg = Config(tree)
    text = cfg.pretty_text
    assert text == cfg.dump()
    for run in (True, False):
        again = Config.fromstring(text, ".py", run=run)
        assert again == cfg
        assert again.dump() == text
        assert same(dict(again), {key: tree[key] for key in again})


@given(trees(ATOMS | TEXTS, KEYS, tuples=False), st.sampled_from([".json", ".yaml", ".yml"]))
@example({"a": "{{ fileDirname }}", "{{ $HOME }}": 1}, ".yaml")
def test_text_formats_are_read_again(folder: Path, tree: dict[str, Any], suffix: str) -> None:
    file = folder / f"x{suffix}"
    cfg = Config(tree)
    text = cfg.dump(file)
    assert file.read_bytes().decode() == text
    assert Config.fromstring(text, suffix) == Config.fromfile(file) == cfg
    assert same(Config.fromfile(file), tree)


@given(trees(ATOMS | TEXTS, KEYS, tuples=True))
@example({"{{ _base_.x }}": 1})
@example({"{{ fileDirname }}": 1})
def test_a_python_file_is_read_again(folder: Path, tree: dict[str, Any]) -> None:
    file = folder / "x.py"
    cfg = Config(tree)
    cfg.dump(file)
    assert Config.fromfile(file) == cfg


def test_the_canonical_form() -> None:
    cfg = Config(
        {
            "model": {"type": "A", "depth": 18, "neck": {}, "layers": [], "size": (1,)},
            "a-b": float("-inf"),
            "odd": {"a-b": 1, 2: None, "x": True},
            "class": {"class": 1},
            "long": ["x" * 30, {"name": "y" * 50, "also": "z" * 20}, ("w" * 40, "v" * 60)],
        }
    )
    assert cfg.pretty_text == (
        "model = dict(type='A', depth=18, neck=dict(), layers=[], size=(1,))\n"
        "globals()['a-b'] = float('-inf')\n"
        "odd = {'a-b': 1, 2: None, 'x': True}\n"
        "globals()['class'] = {'class': 1}\n"
        "long = [\n"
        f"    '{'x' * 30}',\n"
        f"    dict(name='{'y' * 50}', also='{'z' * 20}'),\n"
        "    (\n"
        f"        '{'w' * 40}',\n"
        f"        '{'v' * 60}',\n"
        "    ),\n"
        "]\n"
    )
    assert all(len(line) <= 100 for line in cfg.pretty_text.splitlines())


def test_the_width_is_kept_to_the_letter() -> None:
    for size in range(80, 100):
        lines = Config({"x": ["y" * size]}).pretty_text.splitlines()
        assert (len(lines) == 1) == (len(f"x = ['{'y' * size}']") <= 100)


class Color(enum.IntEnum):
    """A number with a name."""

    RED = 1


def test_classes_functions_and_paths_are_named() -> None:
    cfg = Config(
        {"a": collections.OrderedDict, "b": [os.path.join, Path("x/y")], "c": dict.fromkeys,
         "d": Color.RED, "e": (len,)}
    )  # fmt: skip
    assert cfg.pretty_text == (
        "a = 'collections.OrderedDict'\n"
        "b = ['posixpath.join', 'x/y']\n"
        "c = 'builtins.dict.fromkeys'\n"
        "d = 1\n"
        "e = ('builtins.len',)\n"
    ).replace("builtins.dict.fromkeys", f"{dict.fromkeys.__module__}.{dict.fromkeys.__qualname__}")


def test_to_dict_names_them_or_keeps_them() -> None:
    cfg = Config({"a": {"type": collections.Counter}, "b": (builtins.len, Path("x"))})
    assert cfg.to_dict() == {"a": {"type": "collections.Counter"}, "b": ("builtins.len", Path("x"))}
    assert cfg.to_dict(keep_imported=True) == {
        "a": {"type": collections.Counter},
        "b": (len, Path("x")),
    }


def test_what_python_has_no_literal_for_does_not_stop_a_run() -> None:
    assert Config({"x": object}).pretty_text == "x = 'builtins.object'\n"
    text = Config({"x": [slice(1, 2)], "y": {"nan": float("nan")}}).pretty_text
    assert text == "x = ['slice(1, 2, None)']\ny = dict(nan=float('nan'))\n"


def test_a_set_is_written_in_one_order() -> None:
    program = "from engine.config import Config; print(Config({'x': {'a', 'b', 'c', 'd'}}).dump())"
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(texts) == 1


def test_dump_writes_a_file_in_the_format_of_its_ending(write: Write) -> None:
    write({})
    cfg = Config({"model": {"type": collections.Counter, "sizes": (1, 2)}})
    assert cfg.dump("x.py") == Path("x.py").read_text()
    cfg.dump("x.json")
    assert Path("x.json").read_text() == (
        '{\n  "model": {\n    "type": "collections.Counter",\n    "sizes": [\n      1,\n      2\n'
        "    ]\n  }\n}\n"
    )
    assert cfg.dump(Path("x.yaml")) == Path("x.yaml").read_text()
    for name in ("x.json", "x.yaml"):
        assert Config.fromfile(name) == {"model": {"type": "collections.Counter", "sizes": [1, 2]}}
    cfg.dump("memory://dumped/x.py")
    assert Config.fromfile("memory://dumped/x.py").model.sizes == (1, 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.txt", "a config: a config ends in .py, .yaml, .yml, .json, .toml; not in '.txt'"),
        ("x.toml", "a config is written as .py, .yaml, .yml or .json; not as '.toml'"),
        ("x", "a config: a config ends in .py, .yaml, .yml, .json, .toml; not in ''"),
    ],
)
def test_formats_that_there_are_not(write: Write, name: str, message: str) -> None:
    folder = write({})
    with pytest.raises(ConfigError) as caught:
        Config({}).dump(name)
    assert str(caught.value) == message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("values", "suffix", "message"),
    [
        (
            {"__x": 1},
            ".py",
            "__x: a Python config has no names that begin with two underscores",
        ),
        (
            {"a": {"b": [{1, 2}]}},
            ".json",
            "a.b.0: JSON can't hold {1, 2}, which is of the type set",
        ),
        (
            {"a": {"b": b"x"}},
            ".yaml",
            "a.b: YAML can't hold b'x', which is of the type bytes",
        ),
        ({"a": {1: 2}}, ".json", "a: the keys of a config are strings; got 1"),
    ],
)
def test_what_a_format_can_not_hold(
    write: Write, values: dict[str, Any], suffix: str, message: str
) -> None:
    folder = write({})
    with pytest.raises(ConfigError) as caught:
        Config(values).dump(f"x{suffix}")
    assert str(caught.value) == message
    assert list(folder.iterdir()) == []
