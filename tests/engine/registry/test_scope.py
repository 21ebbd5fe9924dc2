"""The default scope: one for the process, overrides for a context."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from engine.registry import DefaultScope, NotRegisteredError, Registry, init_default_scope


def _tree() -> tuple[Registry[Any], Registry[Any], Registry[Any]]:
    root: Registry[Any] = Registry("scoped", scope="top")
    left, right = root.child("left"), root.child("right")
    for node in (root, left, right):
        node.register_module("who", module=lambda node=node: node.scope)
    return root, left, right


def _who(root: Registry[Any]) -> str:
    return str(root.build({"type": "who"}))


def test_a_look_up_starts_in_the_default_scope_from_every_node() -> None:
    root, left, right = _tree()
    assert [_who(node) for node in (root, left, right)] == ["top", "left", "right"]
    init_default_scope("left")
    assert [_who(node) for node in (root, left, right)] == ["left", "left", "left"]
    with DefaultScope.overwrite_default_scope("right"):
        assert [_who(node) for node in (root, left, right)] == ["right", "right", "right"]
    assert [node.get("who")() for node in (root, left, right)] == ["left", "left", "left"]


def test_what_the_scope_in_force_lacks_is_found_in_the_node_that_is_asked() -> None:
    root, _, right = _tree()
    right.register_module("only", module=lambda: "right")
    root.child("empty")
    init_default_scope("empty")
    assert right.build({"type": "only"}) == "right"
    assert right.build({"type": "who"}) == "top"  # the scope in force and those above come first
    assert [step.node for step in right.explain("only").searched] == [
        "empty::scoped",
        "top::scoped",
        "right::scoped",
    ]
    assert "only" not in root


def test_scope_in_a_config_holds_for_all_builds_inside_it() -> None:
    root, left, right = _tree()
    left.register_module("pair", module=lambda: (_who(root), _who(right)))
    assert right.build({"type": "pair", "_scope_": "left"}) == ("left", "left")
    assert left.build({"type": "pair"}) == ("top", "right")


def test_an_exception_restores_the_scope() -> None:
    root, left, _ = _tree()

    def fails() -> None:
        raise LookupError("from within")

    left.register_module(module=fails)
    with pytest.raises(LookupError, match="from within"):
        root.build({"type": "fails", "_scope_": "left"})
    with pytest.raises(ZeroDivisionError), DefaultScope.overwrite_default_scope("right"):
        _ = 1 / 0
    assert _who(root) == "top"


def test_threads_do_not_see_each_others_scopes() -> None:
    root, _, _ = _tree()
    init_default_scope("top")
    both_inside = threading.Barrier(2)
    seen: dict[str, set[str]] = {}

    def work(scope: str) -> None:
        before = _who(root)
        with DefaultScope.overwrite_default_scope(scope):
            both_inside.wait()
            seen[scope] = {_who(root) for _ in range(100)} | {before}
            both_inside.wait()

    threads = [threading.Thread(target=work, args=[scope]) for scope in ("left", "right")]
    with DefaultScope.overwrite_default_scope("right"):  # a new thread starts without it
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == {"left": {"top", "left"}, "right": {"top", "right"}}


def test_tasks_do_not_see_each_others_scopes() -> None:
    root, _, _ = _tree()

    async def work(scope: str) -> set[str]:
        seen = set()
        with DefaultScope.overwrite_default_scope(scope):
            for _ in range(10):
                seen.add(_who(root))
                await asyncio.sleep(0)
        return seen

    async def both() -> tuple[set[str], set[str]]:
        left, right = await asyncio.gather(work("left"), work("right"))
        return left, right

    assert asyncio.run(both()) == ({"left"}, {"right"})


def test_a_scope_without_a_node_is_an_empty_node() -> None:
    root, left, _ = _tree()
    for scope in ("engine", "mmalpha"):  # known, but not in this tree
        with DefaultScope.overwrite_default_scope(scope):
            assert (_who(root), _who(left)) == ("top", "top")
        assert root.get(f"{scope}.who")() == "top"
        assert left.build({"type": "who", "_scope_": scope}) == "top"


def test_a_scope_that_nobody_knows_is_an_error() -> None:
    root, left, _ = _tree()
    with DefaultScope.overwrite_default_scope("zzz"):
        for node in (root, left):
            with pytest.raises(NotRegisteredError, match="no installed library has the scope"):
                _who(node)
    with pytest.raises(NotRegisteredError):
        root.build({"type": "who", "_scope_": "zzz"})


def test_switch_scope_and_registry() -> None:
    root, left, right = _tree()
    with right.switch_scope_and_registry("left") as registry:
        assert registry is left
        assert _who(root) == "left"
    with right.switch_scope_and_registry(None) as registry:
        assert registry is right
    with pytest.warns(UserWarning, match="no installed library has the scope 'zzz'") as caught:
        switch = right.switch_scope_and_registry("zzz")
    assert caught[0].filename == __file__
    with switch as registry:
        assert registry is right
        assert (_who(right), _who(root)) == ("right", "top")
    assert right.get_node("left") is left
    assert right.get_node("engine") is None
    with pytest.raises(NotRegisteredError, match="no installed library has the scope 'zzz'"):
        right.get_node("zzz")


def test_default_scope_instances() -> None:
    assert DefaultScope.get_current_instance() is None
    DefaultScope.get_instance("task", scope_name="left")
    current = DefaultScope.get_current_instance()
    assert current is not None
    assert (current.instance_name, current.scope_name) == ("task", "left")
    with DefaultScope.overwrite_default_scope("mmengine"):
        inner = DefaultScope.get_current_instance()
        assert inner is not None
        assert inner.scope_name == "engine"
    assert DefaultScope.get_current_instance() is current
    with pytest.raises(TypeError, match="scope_name must be a str"):
        DefaultScope("bad", 3)  # type: ignore[arg-type]


def test_a_fallback_is_declared() -> None:
    root, left, _ = _tree()
    with DefaultScope.overwrite_default_scope("zzz", fallback=True):
        assert (_who(root), _who(left)) == ("top", "left")
    init_default_scope("zzz", fallback=True)
    assert _who(root) == "top"
    assert left.build({"type": "who", "_scope_": "yyy", "_fallback_": True}) == "left"
    with pytest.raises(NotRegisteredError):
        left.build({"type": "who", "_scope_": "yyy"})
