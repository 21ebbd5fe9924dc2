"""Every value knows where it comes from, and what it overrode."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import (
    Config,
    ConfigDict,
    ConfigError,
    Provenance,
    Site,
    leaves,
    parse_options,
    read_base,
)

from .conftest import Write


def above() -> int:
    """Return the line above the one that calls this."""
    return sys._getframe(1).f_lineno - 1


def told(cfg: Config, *paths: str) -> list[str]:
    """Return the provenance of some values, or of all leaves, as text."""
    return [str(cfg.provenance(path)) for path in paths or [path for path, _ in leaves(cfg)]]


def test_a_chain_of_files(write: Write) -> None:
    write(
        {
            "base.py": "model = dict(\n    type='A',\n    depth=18,\n    layers=[\n"
            "        dict(x=1),\n        2])\nlr = 1\n",
            "middle.json": '{\n  "_base_": [],\n\n  "other": {\n    "a": [\n      1,\n      2]}}',
            "child.py": "_base_ = ['base.py', 'middle.json']\n"
            "model = dict(\n    depth=34,\n    layers={0: dict(x=5)})\n"
            "other = dict(a={1: 3})\n",
            "last.py": "_base_ = 'child.py'\n\nmodel = dict(depth=50, new=None)\nlr = 2\n",
        }
    )
    cfg = Config.fromfile("last.py")
    assert told(cfg) == [
        "model.type = 'A' (base.py:2)",
        "model.depth = 50 (last.py:3), overrode 34 (child.py:3), overrode 18 (base.py:3)",
        "model.layers.0.x = 5 (child.py:4), overrode 1 (base.py:5)",
        "model.layers.1 = 2 (base.py:6)",
        "model.new = None (last.py:3)",
        "lr = 2 (last.py:4), overrode 1 (base.py:7)",
        "other.a.0 = 1 (middle.json:6)",
        "other.a.1 = 3 (child.py:5), overrode 2 (middle.json:7)",
    ]
    assert str(cfg.provenance("model").site) == "base.py:1"
    assert str(cfg.provenance("model.layers.0").site) == "base.py:5"


def test_the_parts_of_an_answer(write: Write) -> None:
    write({"base.py": "\nlr = 1\n", "x.py": "_base_ = 'base.py'\nlr = dict(_delete_=True, x=2)\n"})
    fact = Config.fromfile("x.py").provenance("lr")
    assert fact == Provenance(
        "lr", {"x": 2}, Site("x.py", 2), Provenance("lr", 1, Site("base.py", 2))
    )
    assert [each.value for each in fact.history()] == [{"x": 2}, 1]
    assert json.loads(json.dumps(fact.to_dict())) == {
        "path": "lr",
        "value": {"x": 2},
        "site": "x.py:2",
        "overrode": {"path": "lr", "value": 1, "site": "base.py:2", "overrode": None},
    }


def test_what_is_replaced_is_told(write: Write) -> None:
    write(
        {
            "base.py": "model = dict(type='A', depth=1)\nlayers = [1, dict(x=1)]\n",
            "x.py": "_base_ = 'base.py'\nmodel = dict(\n    _delete_=True, type='B')\n"
            "layers = [\n    3]\n",
        }
    )
    cfg = Config.fromfile("x.py")
    assert told(cfg, "model", "layers") == [
        "model = {'type': 'B'} (x.py:2), overrode {'type': 'A', 'depth': 1} (base.py:1)",
        "layers = [3] (x.py:4), overrode [1, {'x': 1}] (base.py:2)",
    ]
    assert told(cfg, "model.type", "layers.0") == [
        "model.type = 'B' (x.py:3)",
        "layers.0 = 3 (x.py:5)",
    ]


READ = "from engine.config import read_base\nwith read_base():\n    from .base import *\n"


def test_a_pure_python_config(write: Write) -> None:
    write(
        {
            "base.py": "model = dict(depth=18,\n    layers=[dict(x=1)])\nlr = 1\nmomentum = 2\n",
            "x.py": READ + "model.depth = 50\nmodel.layers[0].x = 2\n"
            "model.update(\n    new=3)\nlr = lr * 5\n",
            "last.py": "_base_ = 'x.py'\nlr = 7\n",
        }
    )
    cfg = Config.fromfile("last.py")
    assert told(cfg, "model.depth", "model.layers.0.x", "lr", "momentum") == [
        "model.depth = 50 (x.py:4), overrode 18 (base.py:1)",
        "model.layers.0.x = 2 (x.py:5), overrode 1 (base.py:2)",
        "lr = 7 (last.py:2), overrode 5 (x.py:8), overrode 1 (base.py:3)",
        "momentum = 2 (base.py:4)",
    ]
    assert cfg.provenance("model.new").site in (Site("x.py", 6), Site("x.py", 7))


def test_what_is_taken_from_a_base_keeps_all_of_its_lines(write: Write) -> None:
    write(
        {
            "base.py": "a = dict(\n    b=[1, 2],\n    c=dict(d=3))\ne = [1, 2]\n",
            "child.py": "_base_ = 'base.py'\na = dict(b={1: 4})\ne = {0: 5}\n",
            "last.py": "_base_ = 'child.py'\na = _base_.a\ne = _base_.e\n",
        }
    )
    assert told(Config.fromfile("last.py")) == told(Config.fromfile("child.py"))


def test_what_is_taken_from_elsewhere_in_a_base_tells_what_it_overrode(write: Write) -> None:
    write(
        {
            "base.py": "a = dict(c=dict(d=3))\ne = dict(d=1, f=1)\n",
            "child.py": "_base_ = 'base.py'\ne = dict(d=5, f=5)\n",
            "last.py": "_base_ = 'child.py'\na = dict(c=_base_.e)\n",
        }
    )
    assert told(Config.fromfile("last.py"), "a.c.d", "a.c.f") == [
        "a.c.d = 5 (child.py:2), overrode 3 (base.py:1)",
        "a.c.f = 5 (child.py:2), overrode 1 (base.py:2)",
    ]


def test_an_update_by_what_is_there_already_changes_no_line(write: Write) -> None:
    write({"x.py": "model = dict(\n    a=1,\n    b=dict(c=2))\n"})
    cfg = Config.fromfile("x.py")
    before = told(cfg)
    cfg.update(model=cfg.model)
    cfg.model.update(b=cfg.model.b)
    assert told(cfg) == before == ["model.a = 1 (x.py:2)", "model.b.c = 2 (x.py:3)"]


def test_an_update_names_the_lines_of_its_values(write: Write) -> None:
    text = "model = dict(a=1)\nmodel.update(\n    b=2,\n    c=dict(\n        d=3))\n"
    write({"x.py": f"{text}model.update(\n    dict(e=4))\nprint()\n"})
    cfg = Config.fromfile("x.py")
    assert told(cfg) == [
        "model.a = 1 (x.py:1)",
        "model.b = 2 (x.py:3)",
        "model.c.d = 3 (x.py:5)",
        "model.e = 4 (x.py:7)",
    ]


def test_a_missing_value_within_a_list_has_near_names() -> None:
    cfg = Config({"hooks": [{"type": "A"}]})
    with pytest.raises(ConfigError, match=r"has no 'hooks\.0\.tpye'; did you mean 'type'\?"):
        cfg.provenance("hooks.0.tpye")


def test_one_base_over_another(write: Write) -> None:
    write(
        {
            "base.py": "\nlr = 1\n",
            "other.py": "lr = 2\n",
            "x.py": READ + "    from .other import *\n",
        }
    )
    assert told(Config.fromfile("x.py")) == ["lr = 2 (other.py:1), overrode 1 (base.py:2)"]


def test_aliases_and_copies_within_a_file() -> None:
    cfg = Config.fromstring(
        "depth = 5\n"
        "norm = dict(\n    type='BN',\n    eps=1)\n"
        "a = dict(\n    norm=norm, depth=depth)\n"
        "b = c = {\n    'x': 1}\n"
        "d = dict(norm,\n    eps=2)\n"
        "e = {**norm,\n    'eps': 3}\n"
        "f, g = (\n    1,\n    [2])\n"
        "h = [norm,\n    *[1]]\n"
        "i = dict(norm,\n    **dict(\n    y=1))\n",
        ".py",
    )
    lines = {path: cfg.provenance(path).site for path, _ in leaves(cfg)}
    assert {path: site and site.line for path, site in lines.items()} == {
        "depth": 1,
        "norm.type": 3,
        "norm.eps": 4,
        "a.norm.type": 3,
        "a.norm.eps": 4,
        "a.depth": 6,
        "b.x": 8,
        "c.x": 8,
        "d.type": 3,
        "d.eps": 10,
        "e.type": 3,
        "e.eps": 12,
        "f": 14,
        "g.0": 15,
        "h.0.type": 3,
        "h.0.eps": 4,
        "h.1": 17,
        "i.type": 3,
        "i.eps": 4,
        "i.y": 20,
    }


def test_what_is_changed_through_another_name() -> None:
    cfg = Config.fromstring("a = dict(x=1)\nb = a\nb['x'] = 2\nb['y'] = 3\n", ".py")
    assert cfg.a == {"x": 2, "y": 3}
    assert told(cfg) == [
        "a.x = 2 (<string>:3)",
        "a.y = 3 (<string>:4)",
        "b.x = 2 (<string>:3)",
        "b.y = 3 (<string>:4)",
    ]


def test_statements_that_change_a_value() -> None:
    cfg = Config.fromstring(
        "model = dict(x=1)\n"
        "model['y'] = dict(\n    z=2)\n"
        "model['y']['z'] = 3\n"
        "if True:\n    model['a'] = 4\n"
        "for i in range(2):\n    j = i\n"
        "x = 1\n"
        "x += 1\n"
        "y: int = 5\n"
        "layers = [1]\n"
        "layers[0] = 2\n",
        ".py",
    )
    lines = {path: cfg.provenance(path).site for path, _ in leaves(cfg)}
    assert {path: site and site.line for path, site in lines.items()} == {
        "model.x": 1,
        "model.y.z": 4,
        "model.a": 6,
        "i": 7,
        "j": 8,
        "x": 10,
        "y": 11,
        "layers.0": 13,
    }


@pytest.mark.parametrize("suffix", [".py", ".json", ".yaml"])
def test_keys_that_are_no_names(write: Write, suffix: str) -> None:
    texts = {
        ".py": "{\n'a.b': 1,\n'c': {\n'd.e': {\n'f': 2}}}",
        ".json": '{\n"a.b": 1,\n"c": {\n"d.e": {\n"f": 2}}}',
        ".yaml": "\n    a.b: 1\n    c:\n      d.e:\n        f: 2",
    }
    head = {".py": "x = ", ".json": '{"x": ', ".yaml": "x:"}
    tail = {".py": "\n", ".json": "}\n", ".yaml": "\n"}
    write({f"x{suffix}": head[suffix] + texts[suffix] + tail[suffix]})
    cfg = Config.fromfile(f"x{suffix}")
    found = [cfg.provenance(path) for path, _ in leaves(cfg)]
    assert [each.value for each in found] == [1, 2]
    assert [each.site for each in found] == [Site(f"x{suffix}", 2), Site(f"x{suffix}", 5)]


def test_keys_that_are_numbers() -> None:
    cfg = Config.fromstring("classes = {\n    0: 'a',\n    1: dict(\n        x=2)}\n", ".py")
    found = [cfg.provenance(path) for path, _ in leaves(cfg)]
    assert [each.value for each in found] == ["a", 2]
    assert [each.site for each in found] == [Site("<string>", 2), Site("<string>", 4)]


def test_top_level_keys_that_are_no_names() -> None:
    text = Config({"x": 1, "a-b": {"c": 2}}).dump()
    cfg = Config.fromstring(text, ".py")
    assert cfg.provenance("a-b.c").site == Site("<string>", 2)


def test_every_value_of_python_leaves_is_found() -> None:
    cfg = Config({"a": {(1, 2): [{"x": 1}], None: {}, 1.5: (), True: 2, "": 3, "b": {"": {}}}})
    for path, value in leaves(cfg):
        assert cfg.provenance(path).value == value


def test_assignments_of_a_program() -> None:
    cfg = Config({"model": {"depth": 1, "layers": [{"x": 1}]}})
    first = above()
    cfg.model.depth = 2
    second = above()
    cfg["model"]["depth"] = 3
    third = above()
    assert told(cfg, "model.depth") == [
        f"model.depth = 3 ({__file__}:{third}), overrode 2 ({__file__}:{second}), "
        f"overrode 1 ({__file__}:{first})"
    ]
    changes: list[Callable[[], Any]] = [
        lambda: cfg.model.update(depth=4),
        lambda: cfg.merge({"model": {"depth": 5}}),
        lambda: cfg.merge_from_dict({"model.depth": 6}),
        lambda: setattr(cfg.model, "depth", 7),
        lambda: cfg.model.__ior__({"depth": 8}),
        lambda: setattr(cfg.model.layers[0], "x", 8),
    ]
    for change in changes:
        change()
        path = "model.layers.0.x" if change is changes[-1] else "model.depth"
        fact = cfg.provenance(path)
        assert fact.site == Site(__file__, change.__code__.co_firstlineno)
        assert fact.overrode is not None
        assert fact.overrode.value == (1 if change is changes[-1] else fact.value - 1)
    cfg.setdefault("new", {"y": {"z": 1}})
    line = above()
    assert cfg.provenance("new.y.z").site == Site(__file__, line)
    new = cfg | {"lr": 1}
    line = above()
    assert new.provenance("lr").site == Site(__file__, line)


def test_a_loop_leaves_one_mark() -> None:
    cfg = Config({"x": 0})
    first = above()
    for value in range(1, 4):
        cfg.x = value
        line = above()
    assert told(cfg) == [f"x = 3 ({__file__}:{line}), overrode 0 ({__file__}:{first})"]


def test_a_part_that_a_program_made_before() -> None:
    part = ConfigDict(x={"y": 1})
    cfg = Config()
    cfg.part = part
    line = above()
    part.x.y = 2
    changed = above()
    assert told(cfg) == [f"part.x.y = 2 ({__file__}:{changed}), overrode 1 ({__file__}:{line})"]


def test_a_value_that_is_removed_and_set_again() -> None:
    cfg = Config({"layers": [1], "lr": 1})
    cfg.merge_from_dict(parse_options(["layers.0=2", "lr=2"]))
    del cfg.layers, cfg["lr"]
    cfg.layers = [3]
    cfg.lr = 3
    line = above()
    assert told(cfg) == [f"layers.0 = 3 ({__file__}:{line - 1})", f"lr = 3 ({__file__}:{line})"]


def test_options_of_the_command_line(write: Write) -> None:
    write({"x.py": "model = dict(layers=[dict(x=1), 2])\nlr = 1\n"})
    cfg = Config.fromfile("x.py")
    cfg.merge_from_dict(
        parse_options(["lr=2", "model.layers.0.x=3", "model.layers.1=(4,5)", "new.a=[{'b': 6}]"])
    )
    assert told(cfg) == [
        "model.layers.0.x = 3 (--cfg-options), overrode 1 (x.py:1)",
        "model.layers.1.0 = 4 (--cfg-options)",
        "model.layers.1.1 = 5 (--cfg-options)",
        "lr = 2 (--cfg-options), overrode 1 (x.py:2)",
        "new.a.0.b = 6 (--cfg-options)",
    ]
    assert told(cfg, "model.layers.1") == [
        "model.layers.1 = (4, 5) (--cfg-options), overrode 2 (x.py:1)"
    ]


def test_what_a_merge_brings_along(write: Write) -> None:
    write({"x.py": "model = dict(depth=1)\n", "y.py": "\nmodel = dict(depth=2,\n    new=[3])\n"})
    cfg, other = Config.fromfile("x.py"), Config.fromfile("y.py")
    cfg.merge(other)
    assert told(cfg) == [
        "model.depth = 2 (y.py:2), overrode 1 (x.py:1)",
        "model.new.0 = 3 (y.py:3)",
    ]
    cfg.head = other.model
    assert told(cfg, "head.new.0") == ["head.new.0 = 3 (y.py:3)"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("model.detph", "the config has no 'model.detph'; did you mean 'depth'?"),
        ("modle.depth", "the config has no 'modle.depth'; did you mean 'model'?"),
        ("model.layers.3", "the config has no 'model.layers.3'"),
        ("model.layers.-1", "the config has no 'model.layers.-1'"),
        ("model.depth.x", "the config has no 'model.depth.x'"),
        ("", "the config has no ''"),
    ],
)
def test_a_path_that_there_is_not(path: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config({"model": {"depth": 1, "layers": [1]}}).provenance(path)
    assert str(caught.value) == message


def pickled(cfg: Config) -> Config:
    twin: Config = pickle.loads(pickle.dumps(cfg))  # noqa: S301  # it is our own
    return twin


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickled, Config])
def test_copies_know_it_too(write: Write, copier: Callable[[Config], Config]) -> None:
    write(
        {
            "base.py": "model = dict(\n    depth=1, layers=[1, dict(x=2)])\n",
            "x.py": "_base_ = 'base.py'\nmodel = dict(depth=2, layers={0: 5})\n",
        }
    )
    cfg = Config.fromfile("x.py")
    cfg.model.new = 1
    cfg.merge_from_dict(parse_options(["model.layers.1.x=7"]))
    before = told(cfg)
    twin = copier(cfg)
    assert told(twin) == before
    twin.model = 3
    twin.lr = 1
    assert "overrode" in told(twin, "model")[0]
    if copier is not copy.copy:
        assert told(cfg) == before


# A law: the place of each value in a generated text is known.


class Writer:
    """Writes a config, each value on lines of its own, and remembers them."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.expected: dict[str, int] = {}

    def value(self, head: str, path: str, depth: int, tail: str) -> None:
        """Write a value after `head`, and what closes the line of its last."""
        kinds = ["int"] if depth > 3 else ["int", "dict()", "{}", "[]", "()"]
        kind = self.draw(st.sampled_from(kinds))
        for _ in range(self.draw(st.integers(0, 1))):
            self.lines.append("# a comment = 1" if depth == 0 or "(" not in head else "")
        size = self.draw(st.integers(0, 3))
        self.lines.append(head)
        here = len(self.lines)
        if kind == "int" or not size:
            text = {"int": "7", "dict()": "dict()", "{}": "{}", "[]": "[]", "()": "()"}[kind]
            self.lines[-1] += text + tail
            self.expected[path] = here
            return
        opening, closing = {"dict()": ("dict(", ")"), "{}": "{}", "[]": "[]", "()": "()"}[kind]
        self.lines[-1] += opening
        for index in range(size):
            name = f"k{index}" if kind in ("dict()", "{}") else str(index)
            inner = {"dict()": f"{name}=", "{}": f"'{name}': "}.get(kind, "")
            self.value(inner, f"{path}.{name}", depth + 1, ",")
        self.lines.append(closing + tail)


@given(st.data())
def test_the_line_of_every_value_is_known(data: st.DataObject) -> None:
    writer = Writer(data.draw)
    for index in range(data.draw(st.integers(1, 3))):
        writer.value(f"name{index} = ", f"name{index}", 0, "")
        if data.draw(st.booleans()):
            writer.lines.append(f"alias{index} = name{index}")
            for path, line in list(writer.expected.items()):
                if path == f"name{index}":
                    writer.expected[f"alias{index}"] = len(writer.lines)
                elif path.startswith(f"name{index}."):
                    writer.expected[path.replace("name", "alias", 1)] = line
    cfg = Config.fromstring("\n".join(writer.lines), ".py")
    assert dict.fromkeys(path for path, _ in leaves(cfg)) == dict.fromkeys(writer.expected)
    for path, line in writer.expected.items():
        assert cfg.provenance(path).site == Site("<string>", line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("chain")


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers()), min_size=1, max_size=5))
def test_a_chain_tells_all_that_was_overridden(folder: Any, chain: list[dict[str, int]]) -> None:
    expected: dict[str, list[tuple[int, Site]]] = {}
    for index, values in enumerate(chain):
        lines = [f"_base_ = 'c{index - 1}.py'" if index else "", "top = dict("]
        for key, value in values.items():
            lines.append(f"    {key}={value},")
            site = Site(str(folder / f"c{index}.py"), len(lines))
            expected.setdefault(key, []).insert(0, (value, site))
        (folder / f"c{index}.py").write_text("\n".join([*lines, ")\n"]))
    cfg = Config.fromfile(folder / f"c{len(chain) - 1}.py")
    for key, history in expected.items():
        found = cfg.provenance(f"top.{key}").history()
        assert [(each.value, each.site) for each in found] == history


def test_read_base_is_harmless_in_a_program() -> None:
    with read_base():
        import json as module
    assert module is json
