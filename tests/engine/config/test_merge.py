"""How one config is laid over another."""

from __future__ import annotations

import copy
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigDict, ConfigError

from .conftest import Write

DELETE = {"_delete_": True}
TABLE: dict[str, tuple[Any, Any, Any]] = {
    "a scalar over a scalar": (1, 2, 2),
    "a scalar over a dictionary": ({"x": 1}, 2, 2),
    "a scalar over a list": ([1], 2, 2),
    "None over a dictionary": ({"x": 1}, None, None),
    "a list over a list": ([1, 2], [3], [3]),
    "a list over a tuple": ((1, 2), [3], [3]),
    "a tuple over a list": ([1, 2], (3,), (3,)),
    "an empty list over a list": ([1], [], []),
    "a list over a dictionary": ({"x": 1}, [3], [3]),
    "dictionaries": ({"x": 1, "y": 2}, {"y": 3, "z": 4}, {"x": 1, "y": 3, "z": 4}),
    "dictionaries within": ({"x": {"y": 1, "z": 2}}, {"x": {"z": 3}}, {"x": {"y": 1, "z": 3}}),
    "an empty dictionary": ({"x": 1}, {}, {"x": 1}),
    "_delete_": ({"x": 1}, {"y": 2, **DELETE}, {"y": 2}),
    "_delete_ alone": ({"x": 1}, DELETE, {}),
    "_delete_=False": ({"x": 1}, {"y": 2, "_delete_": False}, {"x": 1, "y": 2}),
    "_delete_ within": (
        {"x": {"y": 1}, "z": 1}, {"x": {"a": 2, **DELETE}}, {"x": {"a": 2}, "z": 1}
    ),
    "_delete_ within _delete_": ({"x": 1}, {"y": {"z": 1, **DELETE}, **DELETE}, {"y": {"z": 1}}),
    "_delete_ over a scalar": (1, {"x": 1, **DELETE}, {"x": 1}),
    "_delete_ over a list": ([1], {"x": 1, **DELETE}, {"x": 1}),
    "_delete_ over nothing": ({}, {"new": {"x": 1, **DELETE}}, {"new": {"x": 1}}),
    "_delete_ in a list": ([{"x": 1}], [{"y": 1, **DELETE}], [{"y": 1}]),
    "an item by a number": ([1, 2], {1: 3}, [1, 3]),
    "an item by a text": ([1, 2], {"1": 3}, [1, 3]),
    "an item of a tuple": ((1, 2), {0: 3}, (3, 2)),
    "a dictionary in a list": ([{"x": 1, "y": 2}, {}], {0: {"y": 3}}, [{"x": 1, "y": 3}, {}]),
    "an item that is replaced": ([{"x": 1}], {0: {"y": 3, **DELETE}}, [{"y": 3}]),
    "a list in a list": ([[1, 2], [3]], {0: {1: 9}}, [[1, 9], [3]]),
    "a tuple in a list": ([(1, 2)], {0: {1: 9}}, [(1, 9)]),
    "deep in lists": ([{"a": [{"b": 1}]}], {0: {"a": {0: {"b": 2}}}}, [{"a": [{"b": 2}]}]),
    "no items": ([1, 2], {}, [1, 2]),
    "numbers over a dictionary": ({"x": 1}, {0: 2}, {"x": 1, 0: 2}),
    "numbers over nothing": ({}, {"new": {0: 2}}, {"new": {0: 2}}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_merges_how(write: Write, name: str) -> None:
    base, over, expected = TABLE[name]
    write({"base.py": f"x = {base!r}\n", "child.py": f"_base_ = 'base.py'\nx = {over!r}\n"})
    read = Config.fromfile("child.py")
    assert read == {"x": expected}
    cfg = ConfigDict(x=base)
    cfg.merge({"x": over})
    assert cfg == read
    options = Config({"x": base})
    options.merge_from_dict({"x": over})
    assert options == read
    if isinstance(base, (dict, list, tuple)):
        assert type(cfg.x) is type(options.x) is type(read.x)


@pytest.mark.parametrize("name", [name for name in TABLE if "number" not in name])
def test_what_merges_how_in_a_text_config(write: Write, name: str) -> None:
    base, over, expected = (json.loads(json.dumps(each)) for each in TABLE[name])
    write(
        {
            "base.json": json.dumps({"x": base}),
            "child.json": json.dumps({"_base_": ["base.json"], "x": over}),
        }
    )
    assert Config.fromfile("child.json") == {"x": expected}


NO_DICT = "a dictionary can't be merged into"
NO_INDEX = "x is a list; name one of its items by a number, or write _delete_=True to replace it"


@pytest.mark.parametrize(
    ("base", "over", "message"),
    [
        (1, {"y": 1}, f"x: {NO_DICT} 1, which is x"),
        (None, {"y": 1}, f"x: {NO_DICT} None, which is x"),
        ("text", {}, f"x: {NO_DICT} 'text', which is x"),
        ({"z": {"y": 1}}, {"z": {"y": {}}}, f"x.z.y: {NO_DICT} 1, which is x.z.y"),
        ([1], {0: {"y": 1}}, f"x.0: {NO_DICT} 1, which is x.0"),
        ([[1]], {0: {0: {}}}, f"x.0.0: {NO_DICT} 1, which is x.0.0"),
        ([1], {1: 1}, "x.1: index 1 is out of range: x has 1 item"),
        ([1], {-1: 1}, f"x.-1: {NO_INDEX}"),
        ([1], {"y": 1}, f"x.y: {NO_INDEX}"),
    ],
)
def test_what_does_not_fit(base: Any, over: Any, message: str) -> None:
    cfg = Config({"x": base})
    before = copy.deepcopy(cfg)
    with pytest.raises(ConfigError) as caught:
        cfg.merge({"x": over})
    assert isinstance(caught.value, KeyError if "out of range" in message else TypeError)
    text = str(caught.value)
    assert text.count(f" ({__file__}:") == 2
    text = re.sub(r" \(/[^)]*\)", "", text)
    assert text.removesuffix("; to replace it, write _delete_=True in the dictionary") == message
    assert cfg == before


def test_what_is_laid_over_stays_as_it_is() -> None:
    cfg = ConfigDict(model={"x": 1}, layers=[{"x": 1}, 2])
    over = {"model": {"y": {"z": [1]}}, "layers": {0: {"x": 2}}, "new": {"a": [{}]}}
    before = copy.deepcopy(over)
    cfg.merge(over)
    cfg.model.y.z.append(2)
    cfg.new.a[0].x = 1
    assert over == before


def test_the_list_that_others_know_is_changed() -> None:
    cfg = ConfigDict(layers=[{"x": 1}, 2])
    layers, first = cfg.layers, cfg.layers[0]
    cfg.merge({"layers": {0: {"x": 3}, 1: 4}})
    assert layers is cfg.layers
    assert first is cfg.layers[0]
    assert layers == [{"x": 3}, 4]


def test_several_bases(write: Write) -> None:
    write(
        {
            "a.py": "a = dict(x=1)\n",
            "b.py": "b = dict(x=_not) if False else dict(x=2)\n",
            "c.json": '{"c": {"x": 3}}',
            "child.py": "_base_ = ['a.py', 'b.py', 'c.json']\na = dict(y=1)\nc = dict(x=4)\n",
        }
    )
    cfg = Config.fromfile("child.py")
    assert cfg == {"a": {"x": 1, "y": 1}, "b": {"x": 2}, "c": {"x": 4}}
    assert list(cfg) == ["a", "b", "c"]


def model_of(base: dict[Any, Any], over: dict[Any, Any]) -> dict[Any, Any]:
    """Merge as the guide says it, for trees without lists."""
    result = dict(base)
    for key, value in over.items():
        if key == "_delete_":
            continue
        old = base.get(key)
        if not isinstance(value, dict):
            result[key] = value
        elif value.get("_delete_") or key not in base:
            result[key] = model_of({}, value)
        else:
            assert isinstance(old, dict)
            result[key] = model_of(old, value)
    return result


KEYS = st.sampled_from(["a", "b", "c", "keys", "type"])
ATOMS = st.integers() | st.none() | st.text(max_size=2) | st.lists(st.integers(), max_size=2)
TREES = st.recursive(
    st.dictionaries(KEYS, ATOMS, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | ATOMS, max_size=3),
    max_leaves=6,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tree, and one that fits over it."""
    base = draw(TREES)

    def over(node: Any, depth: int) -> Any:
        result = draw(st.dictionaries(st.sampled_from(["d", "e"]), TREES | ATOMS, max_size=1))
        for key, value in node.items():
            kind = draw(st.sampled_from(["keep", "atom", "merge", "delete"]))
            if kind == "atom":
                result[key] = draw(ATOMS)
            elif kind == "merge" and isinstance(value, dict):
                result[key] = over(value, depth + 1)
            elif kind == "delete":
                result[key] = {**draw(TREES), "_delete_": True}
        return result

    return base, over(base, 0)


@given(pairs())
def test_the_rules(trees: tuple[dict[str, Any], dict[str, Any]]) -> None:
    base, over = trees
    cfg = Config(base)
    cfg.merge(over)
    assert cfg == model_of(base, over)
    assert base == Config(base)


@given(pairs())
def test_idempotent(trees: tuple[dict[str, Any], dict[str, Any]]) -> None:
    base, over = trees
    cfg = Config(base)
    cfg.merge(over)
    once = copy.deepcopy(cfg)
    cfg.merge(over)
    assert cfg == once


@given(TREES)
def test_nothing_over_a_config_and_a_config_over_nothing(tree: dict[str, Any]) -> None:
    cfg = Config(tree)
    cfg.merge({})
    assert cfg == tree
    cfg.merge(tree)
    assert cfg == tree
    empty = Config({})
    empty.merge(tree)
    assert empty == tree
    cfg.merge({key: {"_delete_": True} for key in tree})
    assert cfg == {key: {} for key in tree}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pair")


@given(pairs())
def test_files_and_dictionaries_merge_alike(
    folder: Path, trees: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    base, over = trees
    for name, tree in {"base": base, "child": over}.items():
        text = "".join(f"{key} = {value!r}\n" for key, value in tree.items())
        head = "_base_ = 'base.py'\n" if name == "child" else ""
        (folder / f"{name}.py").write_text(head + text)
    cfg = Config(base)
    cfg.merge(over)
    assert Config.fromfile(folder / "child.py") == cfg


def test_what_follows_a_mark_or_a_value_of_a_base_is_merged_too(write: Write) -> None:
    write(
        {
            "base.py": "model = dict(depth=18, width=1)\nlr = 1\n",
            "x.py": "_base_ = 'base.py'\nmodel = _base_.model\nlr = 2\n",
        }
    )
    cfg = Config.fromfile("x.py")
    assert cfg == {"model": {"depth": 18, "width": 1}, "lr": 2}
    cfg.merge({"model": {"_delete_": False, "depth": 50}})
    assert cfg.model == {"depth": 50, "width": 1}


def test_an_item_that_is_replaced_knows_its_place() -> None:
    cfg = Config({"model": {"stages": [{"width": 1}]}, "hooks": [1]})
    for new, path in (
        ({"model": {"stages": {"0": {"_delete_": True, "depth": 2}}}}, r"model\.stages\.0"),
        ({"hooks": {"0": {"_delete_": True, "depth": 2}}}, r"hooks\.0"),
    ):
        cfg.merge(new)
        item = cfg.model.stages[0] if "model" in new else cfg.hooks[0]
        with pytest.raises(AttributeError, match=f"^{path} .*no key 'widht'"):
            item.widht  # noqa: B018


def test_a_number_in_text_means_the_number_that_is_a_key() -> None:
    cfg = Config({"a": {0: {"x": 1}, 1: 2, "1": 3}})
    cfg.merge_from_dict({"a.0.x": 4, "a.1": 5, "a.2": 6})
    assert cfg.to_dict() == {"a": {0: {"x": 4}, 1: 2, "1": 5, "2": 6}}


def test_a_dictionary_of_another_class_becomes_one_of_the_config() -> None:
    cfg = Config({"a": defaultdict(int, x=1)})
    cfg.merge_from_dict({"a": {"y": 2}})
    assert cfg.a == {"x": 1, "y": 2}
    assert type(cfg.a) is ConfigDict


def test_a_key_of_json_means_the_number_of_a_base(write: Write) -> None:
    write(
        {
            "base.yaml": "a: {0: {x: 1}, 1: 2}\n",
            "x.json": '{"_base_": "base.yaml", "a": {"0": {"x": 3}, "1": 4, "2": 5}}',
        }
    )
    assert Config.fromfile("x.json").to_dict() == {"a": {0: {"x": 3}, 1: 4, "2": 5}}
