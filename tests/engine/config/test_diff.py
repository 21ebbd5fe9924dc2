"""In what two configs differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.config import Change, Config, changes

from .conftest import Write

FILES = {
    "a.py": "model = dict(type='A', depth=18,\n    layers=[1, 2])\nlr = 1\nsame = [dict(x=1)]\n",
    "b.py": "_base_ = 'a.py'\nmodel = dict(depth=50, layers=[1, 3, 4], new=dict(x=1))\n"
    "lr = dict(_delete_=True)\n",
}
CHANGES = """\
- model.depth = 18 (a.py:1)
+ model.depth = 50 (b.py:2)
- model.layers.1 = 2 (a.py:2)
+ model.layers.1 = 3 (b.py:2)
+ model.layers.2 = 4 (b.py:2)
+ model.new.x = 1 (b.py:2)
- lr = 1 (a.py:3)
+ lr = {} (b.py:3)"""


DIFF = """\
--- a.py
+++ b.py
@@ -1,3 +1,3 @@
-model = dict(type='A', depth=18, layers=[1, 2])
-lr = 1
+model = dict(type='A', depth=50, layers=[1, 3, 4], new=dict(x=1))
+lr = dict()
 same = [dict(x=1)]"""


def test_the_text(write: Write) -> None:
    write(FILES)
    first, second = Config.fromfile("a.py"), Config.fromfile("b.py")
    assert "\n".join(map(str, changes(first, second))) == CHANGES
    assert Config.diff("a.py", Path("b.py")) == DIFF
    assert Config.diff(first, second) == DIFF
    assert Config.diff("a.py", "a.py") == ""


def test_arrays_are_compared_by_their_items() -> None:
    first, same, other = (Config({"mean": np.array(each)}) for each in ([0, 1], [0, 1], [0, 2]))
    assert not [*changes(first, same)]
    assert [each.path for each in changes(first, other)] == ["mean"]


def test_the_changes(write: Write) -> None:
    write(FILES)
    found = list(changes(Config.fromfile("a.py"), Config.fromfile("b.py")))
    assert [each.path for each in found] == [
        "model.depth", "model.layers.1", "model.layers.2", "model.new.x", "lr"
    ]  # fmt: skip
    depth, *_, new, _ = found
    assert isinstance(depth, Change)
    assert depth.before is not None
    assert depth.after is not None
    assert (depth.before.value, depth.after.value) == (18, 50)
    assert new.before is None
    assert json.loads(json.dumps(depth.to_dict())) == {
        "path": "model.depth",
        "before": {"path": "model.depth", "value": 18, "site": "a.py:1", "overrode": None},
        "after": {
            "path": "model.depth",
            "value": 50,
            "site": "b.py:2",
            "overrode": {
                "path": "model.depth",
                "value": 18,
                "site": "a.py:1",
                "overrode": None,
            },
        },
    }


def test_a_list_that_one_of_them_lacks() -> None:
    more = Config({"a": 1, "b": [{"c": 1}, 2]})
    assert [each.path for each in changes(Config({"a": 1}), more)] == ["b.0.c", "b.1"]
    assert [each.after for each in changes(more, Config({"a": 1}))] == [None, None]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (1, 1.0),
        (0.0, False),
        ([1], (1,)),
        ([], ()),
        ([], {}),
        ({}, None),
        ({"0": 1}, [1]),
        ({"0": 1}, {0: 1}),
        ({"a.b": 1}, {"a": {"b": 1}}),
        ({0: 1}, {}),
        ({"x": {}}, {}),
        ([{}], []),
    ],
)
def test_what_differs(first: Any, second: Any) -> None:
    assert Config.diff(Config({"x": first}), Config({"x": second}))


@pytest.mark.parametrize("value", [float("nan"), object, [{}, ()], {0: {"a.b": [1]}}, {1, 2}])
def test_what_does_not(value: Any) -> None:
    assert Config.diff(Config({"x": value}), Config({"x": value})) == ""


KEYS = st.sampled_from(["a", "b", "a.b", "0", "keys"])
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        st.integers(0, 2) | st.booleans() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.lists(inner, max_size=2).map(tuple)
            | st.dictionaries(KEYS, inner, max_size=2)
        ),
        max_leaves=4,
    ),
    max_size=3,
)


@given(TREES, TREES)
@example({"a": [1]}, {"a": (1,)})
def test_no_difference_means_equal(first: dict[str, Any], second: dict[str, Any]) -> None:
    if not Config.diff(Config(first), Config(second)):
        assert first == second
    assert Config.diff(Config(first), Config(first)) == ""
