"""Reading, merging and writing configs."""

from __future__ import annotations

import argparse
import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigDict, ConfigError, DictAction, parse_options


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".py", "import os\nname = 'a'\nmodel = dict(type='ResNet', depth=18)\ndef f(): ...\n"),
        (".yaml", "name: a\nmodel:\n  type: ResNet\n  depth: 18\n"),
        (".yml", "name: a\nmodel: {type: ResNet, depth: 18}\n"),
        (".json", '{"name": "a", "model": {"type": "ResNet", "depth": 18}}'),
    ],
)
def test_formats(tmp_path: Path, suffix: str, text: str) -> None:
    expected = {"name": "a", "model": {"type": "ResNet", "depth": 18}}
    file = tmp_path / f"x{suffix}"
    file.write_text(text)
    cfg = Config.fromfile(file)
    assert cfg.to_dict() == Config.fromstring(text, suffix).to_dict() == expected
    assert (cfg.filename, cfg.text) == (str(file), text)


def test_bases(tmp_path: Path) -> None:
    _write(
        tmp_path,
        base__py="model = dict(type='A', depth=18, neck=dict(x=1, y=[1, 2]))\n",
        lr__yaml="lr: 0.1\n",
        child__py="_base_ = ['base.py', 'lr.yaml']\nmodel = dict(depth=50, neck=dict(y=[3]))\n",
        other__py="_base_ = 'child.py'\nmodel = dict(neck=dict(_delete_=True, z=1))\nlr = None\n",
    )
    assert Config.fromfile(tmp_path / "child.py").to_dict() == {
        "model": {"type": "A", "depth": 50, "neck": {"x": 1, "y": [3]}},
        "lr": 0.1,
    }
    assert Config.fromfile(tmp_path / "other.py").to_dict() == {
        "model": {"type": "A", "depth": 50, "neck": {"z": 1}},
        "lr": None,
    }


def test_a_config_that_a_package_ships() -> None:
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    assert cfg.model.backbone.type == "mmalpha.ResNet"


ERRORS = {
    "mmbeta::fcn_r18_digit.py": (
        "mmbeta ships no config 'fcn_r18_digit.py'; did you mean mmbeta::fcn_r18_digits.py?"
    ),
    "mmgamma::x.py": (
        "mmgamma::x.py: the package 'mmgamma' is not installed. Install it: pip install mmgamma"
    ),
    "childs.py": "there is no config file {path}; did you mean child.py or clash.py?",
    "loop.py": "{path}: the config is a base of itself",
    "clash.py": "{path}: 'lr' is set by two bases of one config: a.py, b.py",
    "syntax.py": "{path}:2: '(' was never closed\n  y = (1,",
    "name.py": "{path}:2: NameError: name 'z' is not defined",
    "bad.json": "{path}:2: Expecting property name enclosed in double quotes",
    "bad.yaml": "{path}:2: expected ',' or ']', but got ':'",
    "list.yaml": "{path}: a config is a mapping; this is list",
    "number.yaml": "{path}: the keys of a config are strings; got 1",
    "type.py": (
        "{path}: lr: a dictionary can't be merged into 1; "
        "to replace it, write _delete_=True in the dictionary"
    ),
    "base.py": "{path}: _base_ is a file name or a list of such; got 3",
    "x.txt": "{path}: a config ends in .py, .yaml, .yml, .json; not in '.txt'",
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_where(tmp_path: Path, name: str) -> None:
    _write(
        tmp_path,
        child__py="x = 1\n",
        loop__py="_base_ = 'loop.py'\n",
        a__py="lr = 1\n",
        b__py="lr = 2\n",
        clash__py="_base_ = ['a.py', 'b.py']\n",
        syntax__py="x = 1\ny = (1,\n",
        name__py="x = 1\ny = z\n",
        bad__json='{"x": 1,\n}',
        bad__yaml="x: [1\ny: 2\n",
        list__yaml="- 1\n",
        number__yaml="1: 2\n",
        type__py="_base_ = 'a.py'\nlr = dict(x=1)\n",
        base__py="_base_ = 3\n",
        x__txt="x = 1\n",
    )
    path = name if "::" in name else str(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(path)
    assert str(caught.value) == ERRORS[name].format(path=path)


def test_a_text_config_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("x: !!python/object/apply:os.system ['touch done']", "x: !!python/name:os.system"):
        with pytest.raises(ConfigError):
            Config.fromstring(text, ".yaml")
    assert not Path("done").exists()


def test_access() -> None:
    cfg = Config({"model": {"depth": 18, "layers": [{"x": 1}]}})
    assert cfg.model.depth == cfg["model"]["depth"] == 18
    assert cfg.model.layers[0].x == 1
    cfg.model.neck = {"y": 2}
    assert cfg.model.neck.y == 2
    cfg.other = {"z": 3}
    assert cfg.other.z == 3
    del cfg.other, cfg.model.neck
    assert cfg.to_dict() == {"model": {"depth": 18, "layers": [{"x": 1}]}}
    assert cfg.get("nothing", 5) == 5
    assert "model" in cfg
    assert len(cfg) == 1
    with pytest.raises(AttributeError, match="model: the config has no key 'detph'; did you mean"):
        _ = cfg.model.detph
    with pytest.raises(TypeError, match="a config is made of a mapping; got list"):
        Config([])  # type: ignore[arg-type]


def test_config_dict_is_a_dict() -> None:
    cfg = ConfigDict(a=1, b={"c": 2})
    assert cfg == {"a": 1, "b": {"c": 2}}
    assert (cfg | {"a": 3}) == {"a": 3, "b": {"c": 2}}
    cfg |= {"d": {"e": 4}}
    assert cfg.d.e == 4
    assert cfg.pop("a") == 1
    assert cfg.pop("a") is None
    assert cfg.setdefault("f", {"g": 5}).g == 5
    assert type(cfg.to_dict()["b"]) is dict
    shallow, deep = cfg.copy(), copy.deepcopy(cfg)
    cfg.b.c = 9
    assert (shallow.b.c, deep.b.c) == (9, 2)


def test_copies_are_equal_and_independent() -> None:
    cfg = Config({"a": {"b": [1, {"c": 2}]}}, "text", "x.py")
    for twin in (copy.copy(cfg), copy.deepcopy(cfg), pickle.loads(pickle.dumps(cfg)), cfg.copy()):  # noqa: S301
        assert twin == cfg
        assert (twin.filename, twin.text) == ("x.py", "text")
        twin.new = 1
        assert "new" not in cfg


def test_merge_from_dict() -> None:
    cfg = Config({"model": {"layers": [{"depth": 1}, {"depth": 2}], "name": "a"}, "lr": 0.1})
    cfg.merge_from_dict({"model.layers.0.depth": 9, "model.name": "b", "new.key": 1, "lr": None})
    assert cfg.to_dict() == {
        "model": {"layers": [{"depth": 9}, {"depth": 2}], "name": "b"},
        "lr": None,
        "new": {"key": 1},
    }
    for key, message in {
        "model.layers.5.depth": "model.layers.5: the list has 2 items",
        "model.layers.x": "model.layers.x: model.layers is a list",
        "model.name.x": "model.name: a dictionary can't be merged into 'b'",
    }.items():
        with pytest.raises(ConfigError, match=message):
            cfg.merge_from_dict({key: 1})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1e-3", 1e-3),
        ("true", True),
        ("None", None),
        ("resnet", "resnet"),
        ("'1'", "1"),
        ("a,b", ["a", "b"]),
        ("[a,b]", ["a", "b"]),
        ("(a,[1,2],'c,d')", ("a", [1, 2], "c,d")),
        ("1,2", [1, 2]),
        ("(1,)", (1,)),
        ("{'a': [1]}", {"a": [1]}),
        ("path/to=x", "path/to=x"),
        ("", ""),
    ],
)
def test_values_of_options(text: str, value: Any) -> None:
    parsed = parse_options([f"a.b={text}"])["a.b"]
    if text == "1,2":
        value = (1, 2)  # a Python literal before anything else
    assert parsed == value
    assert type(parsed) is type(value)


def test_dict_action() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=DictAction)
    words = ["--cfg-options", "a=1", "b.c=[x,y]", "--cfg-options", "d=e"]
    assert parser.parse_args(words).cfg_options == {"a": 1, "b.c": ["x", "y"], "d": "e"}
    with pytest.raises(SystemExit):
        parser.parse_args(["--cfg-options", "a"])


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
)
keys = st.text(max_size=8).filter(lambda key: key != "_delete_")
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)
names = st.from_regex(r"[a-z]\w{0,8}", fullmatch=True).filter(
    lambda name: (
        name.isascii() and name not in ("_base_",) and not __import__("keyword").iskeyword(name)
    )
)


@given(st.dictionaries(names, values, max_size=4), st.sampled_from([".py", ".yaml", ".json"]))
def test_what_is_dumped_is_read_again(tree: dict[str, Any], suffix: str) -> None:
    import tempfile

    cfg = Config(tree)
    with tempfile.TemporaryDirectory() as folder:
        text = cfg.dump(Path(folder) / f"x{suffix}")
        assert Config.fromfile(Path(folder) / f"x{suffix}") == cfg
    assert Config.fromstring(text, suffix) == cfg


def test_pretty_text_is_canonical() -> None:
    cfg = Config({"model": {"type": Path, "x": (1,), "a-b": float("inf")}, "long": ["x" * 30] * 4})
    assert cfg.pretty_text == (
        "model = {'type': 'pathlib.Path', 'x': (1,), 'a-b': float('inf')}\n"
        "long = [\n" + f"    '{'x' * 30}',\n" * 4 + "]\n"
    )
