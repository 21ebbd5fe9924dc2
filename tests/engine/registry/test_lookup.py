"""The laws of lookup, held against a straightforward model of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.registry import NotRegisteredError, Registry

MakeLibrary = Callable[..., Path]
NAMES = ["A", "B", "C"]


class Tree:
    """A random tree: each node has a scope of its own, a parent, and some names."""

    def __init__(self, parents: list[int], names: list[set[str]]) -> None:
        self.parents = [None, *(parent % (i + 1) for i, parent in enumerate(parents))]
        self.names = names
        self.nodes: list[Registry[Any]] = []
        for i, parent in enumerate(self.parents):
            above = None if parent is None else self.nodes[parent]
            self.nodes.append(Registry("thing", parent=above, scope=f"s{i}"))
        for node, own in zip(self.nodes, names, strict=True):
            for name in sorted(own):
                node.register_module(name, module=_thing(node.scope, name))

    def climb(self, start: int | None, name: str) -> str | None:
        """Rule 2: the node, then its parents."""
        while start is not None:
            if name in self.names[start]:
                return f"s{start}.{name}"
            start = self.parents[start]
        return None

    def expected(self, start: int, key: str) -> str | None:
        """Rule 1: another scope's node and its parents, the own scope's node alone."""
        scope, dot, name = key.partition(".")
        if not dot:
            return self.climb(start, key)
        owner = int(scope[1:])
        if owner == start:
            return f"{scope}.{name}" if name in self.names[start] else None
        return self.climb(owner, name)


def _thing(scope: str, name: str) -> Any:
    def thing() -> str:
        return f"{scope}.{name}"

    return thing


trees = st.integers(1, 6).flatmap(
    lambda size: st.builds(
        Tree,
        st.lists(st.integers(0, 5), min_size=size - 1, max_size=size - 1),
        st.lists(st.sets(st.sampled_from(NAMES)), min_size=size, max_size=size),
    )
)


@given(trees, st.data())
def test_get_in_and_build_follow_the_rules(tree: Tree, data: st.DataObject) -> None:
    size = len(tree.nodes)
    for _ in range(5):
        start = data.draw(st.integers(0, size - 1))
        name = data.draw(st.sampled_from(NAMES))
        scope = data.draw(st.none() | st.integers(0, size - 1))
        key = name if scope is None else f"s{scope}.{name}"
        node, expected = tree.nodes[start], tree.expected(start, key)
        assert (key in node) == (expected is not None)
        explained = node.explain(key)
        assert [step.node for step in explained.searched if step.found] == (
            [] if expected is None else [f"{expected.partition('.')[0]}::thing"]
        )
        if expected is None:
            assert explained.found is None
            assert node.get(key, None) is None
            with pytest.raises(NotRegisteredError):
                node.build({"type": key})
        else:
            assert explained.found is not None
            assert node.get(key)() == expected
            assert node.build({"type": key}) == expected


@given(trees, st.sampled_from(NAMES), st.data())
def test_a_change_is_seen_at_once(tree: Tree, name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tree.nodes) - 1))
    changed = data.draw(st.integers(0, len(tree.nodes) - 1))
    tree.nodes[start].get(name, None)  # fills the cache
    tree.nodes[changed].register_module(name, force=True, module=_thing(f"s{changed}", name))
    tree.names[changed].add(name)
    found = tree.nodes[start].get(name, None)
    assert (found and found()) == tree.climb(start, name)


def test_a_path_of_scopes_leads_down_the_tree() -> None:
    root: Registry[Any] = Registry("thing", scope="top")
    a = root.child("a")
    b = a.child("b")
    b.register_module("X", module=_thing("b", "X"))
    for node in (root, a, b):
        assert node.get("a.b.X")() == "b.X"
        assert node.get("b.X")() == "b.X"


def test_an_alias_means_its_scope() -> None:
    from engine.registry import MODELS

    assert MODELS.get("mmengine.Sequential") is MODELS.get("engine.Sequential")


def test_locations_are_imported_when_a_name_is_missing(make_library: MakeLibrary) -> None:
    make_library(
        "lookup_lib",
        "from engine.registry import MODELS as ROOT\n"
        "MODELS = ROOT.child('lookup_lib', 'lookup_lib.models')\n",
        models="from lookup_lib.registry import MODELS\n"
        "@MODELS.register_module()\n"
        "def found_by_location(): return 7\n",
    )
    from engine.registry import MODELS

    assert MODELS.build({"type": "lookup_lib.found_by_location"}) == 7  # type: ignore[comparison-overlap]
    assert "found_by_location" not in MODELS


def test_a_dotted_path_imports_the_locations_of_its_library(make_library: MakeLibrary) -> None:
    make_library(
        "path_lib",
        "from engine.registry import MODELS as ROOT\n"
        "MODELS = ROOT.child('path_lib', 'path_lib.models')\n",
        models="from path_lib.registry import MODELS\n"
        "@MODELS.register_module()\n"
        "def found_by_path(): return 7\n",
    )
    from engine.registry import MODELS

    assert MODELS.build({"type": "path_lib.models.found_by_path"}) == 7  # type: ignore[comparison-overlap]


def test_a_node_is_asked_for_as_data_asks(make_library: MakeLibrary) -> None:
    make_library("unknown_lib", "", requires="numpy")
    root: Registry[Any] = Registry("thing", scope="top")
    with pytest.raises(NotRegisteredError, match=r"engine\.registry\.allow\('unknown_lib'\)"):
        root.get_node("unknown_lib")
