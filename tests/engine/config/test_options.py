"""Values by dotted key: `merge_from_dict`, and `key=value` pairs of a command line."""

from __future__ import annotations

import argparse
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, ConfigError, DictAction, format_option, parse_options

VALUES: dict[str, Any] = {
    "1": 1,
    "-1": -1,
    "1e-3": 1e-3,
    "true": True,
    "False": False,
    "None": None,
    "none": None,
    "": "",
    " padded ": "padded",
    "resnet": "resnet",
    "path/to=x": "path/to=x",
    "C:\\data": "C:\\data",
    "it's": "it's",
    "'1'": "1",
    '"None"': "None",
    "'a,b'": "a,b",
    "a,b": ["a", "b"],
    "1,2": [1, 2],
    "1,a,true": [1, "a", True],
    "a, b": ["a", "b"],
    "'a,b',c": ["a,b", "c"],
    "[a,b]": ["a", "b"],
    "[1,2]": [1, 2],
    "[a]": ["a"],
    "[]": [],
    "()": (),
    "(1,)": (1,),
    "(a,)": ("a",),
    "(a,b)": ("a", "b"),
    "(1,2)": (1, 2),
    "(a,[1,2],'c,d')": ("a", [1, 2], "c,d"),
    "[(a,b),(c,d)]": [("a", "b"), ("c", "d")],
    "(a,b),(c,d)": [("a", "b"), ("c", "d")],
    "[a,b],[c,d]": [["a", "b"], ["c", "d"]],
    "(1,2),(3,4)": [(1, 2), (3, 4)],
    "[[a,1],[b]]": [["a", 1], ["b"]],
    "{'a': [1]}": {"a": [1]},
    "dict": "dict",
    "{[1]: 2}": "{[1]: 2}",
    "{{}}": "{{}}",
    "[a": "[a",
    "a]": "a]",
    "1 2": "1 2",
    "0x10": 16,
    "007": "007",
    "os.getcwd()": "os.getcwd()",
    "__import__('os')": "__import__('os')",
}


@pytest.mark.parametrize("text", VALUES)
def test_values(text: str) -> None:
    parsed = parse_options([f"a.b={text}"])["a.b"]
    assert parsed == VALUES[text]
    assert type(parsed) is type(VALUES[text])
    if isinstance(parsed, (list, tuple)):
        assert [type(each) for each in parsed] == [type(each) for each in VALUES[text]]


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)


@given(
    st.recursive(
        ATOMS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_what_python_writes_is_read(value: Any) -> None:
    parsed = parse_options([f"key={value!r}"])["key"]
    assert parsed == value
    assert type(parsed) is type(value)


@given(st.text(max_size=4), ATOMS | st.lists(ATOMS, max_size=3).map(tuple) | st.lists(ATOMS))
def test_an_option_that_is_written_gives_the_value_back(key: str, value: Any) -> None:
    option = format_option(f"a.{key}", value)
    if option is not None:
        parsed = parse_options([option])
        assert [*parsed] == [f"a.{key}"]
        assert repr(parsed[f"a.{key}"]) == repr(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("resnet", "resnet"), ("18", "'18'"), (18, "18"), ("a,b", "'a,b'"), ([1, "x"], "[1, 'x']")],
)
def test_an_option_is_as_short_as_it_can_be(value: Any, text: str) -> None:
    assert format_option("model.depth", value) == f"model.depth={text}"


@pytest.mark.parametrize("value", [int, {"a": 1}, [int], float("nan"), object()])
def test_what_no_option_means(value: Any) -> None:
    assert format_option("key", value) is None
    assert format_option("a=b", 1) is None


@given(st.text(max_size=30))
def test_any_text_is_some_value(text: str) -> None:
    parse_options([f"key={text}"])


@pytest.mark.parametrize("text", ["[" * 3000 + "a" + "]" * 3000, "-" * 30000 + "1", "1a" * 6000])
def test_odd_texts_do_no_harm(text: str) -> None:
    assert parse_options([f"key={text}"])["key"]


@pytest.mark.parametrize("option", ["a", "", "=1", " =1", "a..b=1", ".a=1", "a.=1"])
def test_what_is_no_option(option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_options([option])
    assert str(caught.value) == (
        f"an option is key=value, such as model.backbone.depth=18; got {option!r}"
    )


def test_the_last_of_equal_keys_holds() -> None:
    assert parse_options(["a=1", "b=2", " a =3"]) == {"a": 3, "b": 2}


def test_merge_from_dict() -> None:
    cfg = Config({"model": {"layers": [{"depth": 1}, {"depth": 2}], "name": "a"}, "lr": 0.1})
    cfg.merge_from_dict(
        {
            "model.layers.0.depth": 9,
            "model.name": "b",
            "new.key": 1,
            "lr": None,
            "model.head": {"x": [1]},
            "model.head.x.0": 2,
        }
    )
    assert cfg == {
        "model": {"layers": [{"depth": 9}, {"depth": 2}], "name": "b", "head": {"x": [2]}},
        "lr": None,
        "new": {"key": 1},
    }
    assert cfg.new.key == 1


def test_a_dictionary_is_merged_and_may_replace() -> None:
    cfg = Config({"a": {"b": {"x": 1}, "c": {"x": 1}}})
    cfg.merge_from_dict({"a.b": {"y": 2}, "a.c": {"y": 2, "_delete_": True}})
    assert cfg == {"a": {"b": {"x": 1, "y": 2}, "c": {"y": 2}}}


def test_lists_by_index() -> None:
    values = {"layers": [[{"x": 1}, (1, 2)], 3]}
    cfg = Config(copy.deepcopy(values))
    cfg.merge_from_dict({"layers.0.0.x": 4, "layers.0.1.1": 5, "layers.1": [6]})
    assert cfg == {"layers": [[{"x": 4}, (1, 5)], [6]]}
    refused = Config(values)
    with pytest.raises(ConfigError) as caught:
        refused.merge_from_dict({"layers.0.0.x": 4}, allow_list_keys=False)
    site = refused.provenance("layers").site
    assert str(caught.value) == f"layers.0.0.x: layers ({site}) is a list"
    assert refused == values


def test_number_keys_of_a_dictionary() -> None:
    cfg = Config({"classes": {0: "a", 1: {"name": "b"}}})
    cfg.merge_from_dict({"classes.0": "c", "classes.1.name": "d"})
    assert cfg == {"classes": {0: "c", 1: {"name": "d"}}}


def test_errors_of_merge_from_dict() -> None:
    values = {"model": {"layers": [1, 2], "name": "a", "none": None}}
    cfg = Config(values)
    line = cfg.provenance("model.name").site
    to_replace = "write _delete_=True"
    options = {
        "model.layers.5": (
            "model.layers.5 (--cfg-options): index 5 is out of range: "
            f"model.layers ({line}) has 2 items"
        ),
        "model.layers.x": (
            f"model.layers.x (--cfg-options): model.layers ({line}) is a list; "
            f"name one of its items by a number, or {to_replace} to replace it"
        ),
        "model.layers.0.x": (
            "model.layers.0 (--cfg-options): a dictionary can't be merged into 1, which is "
            f"model.layers.0 ({line}); to replace it, {to_replace} in the dictionary"
        ),
        "model.name.x": f"model.name.x: model.name ({line}) is 'a', which has no keys",
        "model.none.x": f"model.none.x: model.none ({line}) is None, which has no keys",
    }
    for key, message in options.items():
        with pytest.raises(ConfigError) as caught:
            cfg.merge_from_dict(parse_options([f"{key}=1"]))
        assert str(caught.value) == message
        assert cfg == values


NAMES = st.sampled_from(["a", "b", "keys", "x-y"])


@given(
    st.recursive(
        ATOMS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6
    ).filter(lambda tree: isinstance(tree, dict)),
    st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), ATOMS), max_size=4),
)
def test_it_is_nested_assignment(
    tree: dict[str, Any], options: list[tuple[list[str], Any]]
) -> None:
    cfg, expected = Config(tree), copy.deepcopy(tree)
    for keys, value in options:
        node: Any = expected
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                break
        option = {".".join(keys): value}
        if isinstance(node, dict):
            node[keys[-1]] = value
            cfg.merge_from_dict(option)
        else:
            with pytest.raises(ConfigError, match="which has no keys"):
                cfg.merge_from_dict(option)
    assert cfg == expected


def test_dict_action() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=DictAction)
    words = ["--cfg-options", "a=1", "b.c=[x,y]", "--cfg-options", "d=e", "a=2"]
    options = parser.parse_args(words).cfg_options
    assert options == {"a": 2, "b.c": ["x", "y"], "d": "e"}
    assert parser.parse_args([]).cfg_options is None
    assert parser.parse_args(words[:2]).cfg_options == {"a": 1}
    cfg = Config({"a": 0})
    cfg.merge_from_dict(options)
    assert cfg == {"a": 2, "b": {"c": ["x", "y"]}, "d": "e"}
    assert str(cfg.provenance("b.c").site) == "--cfg-options"


def test_dict_action_for_one_pair_at_a_time() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", action=DictAction, default={"z": 1})
    assert parser.parse_args(["-o", "a=1", "-o", "b=2"]).o == {"z": 1, "a": 1, "b": 2}
    assert parser.parse_args([]).o == {"z": 1}


def test_dict_action_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="tool")
    parser.add_argument("--cfg-options", nargs="+", action=DictAction)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["--cfg-options", "a"])
    assert caught.value.code == 2
    assert "an option is key=value, such as model.backbone.depth=18; got 'a'" in (
        capsys.readouterr().err
    )


DELETIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"model.backbone._delete_": True, "model.backbone.type": "B"},
        {"model": {"backbone": {"_delete_": True, "type": "B"}}},
    ),
    ({"model.backbone._delete_": True}, {"model": {"backbone": {"_delete_": True}}}),
    (
        {"model.backbone._delete_": False, "model.backbone.type": "B"},
        {"model": {"backbone": {"type": "B"}}},
    ),
    (
        {"model.layers.1._delete_": True, "model.layers.1.new": 1},
        {"model": {"layers": {1: {"_delete_": True, "new": 1}}}},
    ),
    (
        {"model.layers._delete_": True, "model.layers.new": 1},
        {"model": {"layers": {"_delete_": True, "new": 1}}},
    ),
    ({"lr._delete_": True, "lr.start": 1}, {"lr": {"_delete_": True, "start": 1}}),
    (
        {"model._delete_": True, "model.norm._delete_": True, "model.norm.x": 1, "lr": 2},
        {"model": {"_delete_": True, "norm": {"_delete_": True, "x": 1}}, "lr": 2},
    ),
    ({"more.x._delete_": True, "more.x.y": 1}, {"more": {"x": {"_delete_": True, "y": 1}}}),
    (
        {"model.backbone": {"_delete_": True, "type": "B"}, "model.backbone.depth": 5},
        {"model": {"backbone": {"_delete_": True, "type": "B", "depth": 5}}},
    ),
]


@pytest.mark.parametrize(("options", "file"), DELETIONS)
@given(data=st.data())
def test_delete_means_what_it_means_in_a_file(
    options: dict[str, Any], file: dict[str, Any], data: st.DataObject
) -> None:
    base = {
        "model": {"backbone": {"type": "A", "depth": 18}, "layers": [{"a": 1}, {"b": 2}]},
        "lr": 0.1,
    }
    merged = Config(base)
    merged.merge(file)
    if isinstance(options.get("model.backbone"), dict):
        ordered = options  # which sets the same dictionary twice: the order is part of the meaning
    else:
        ordered = dict(data.draw(st.permutations(list(options.items()))))
    given_options = Config(base)
    given_options.merge_from_dict(ordered)
    assert given_options == merged
    command_line = Config(base)
    command_line.merge_from_dict(
        parse_options([f"{key}={value}" for key, value in ordered.items()])
    )
    assert command_line == merged
    assert "_delete_" not in str(merged)
