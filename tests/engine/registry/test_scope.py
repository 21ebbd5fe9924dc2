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


def test_a_build_from_the_root_starts_in_the_default_scope() -> None:
    root, left, right = _tree()
    assert _who(root) == "top"
    init_default_scope("left")
    assert _who(root) == "left"
    assert _who(right) == "right"
    with DefaultScope.overwrite_default_scope("right"):
        assert _who(root) == "right"
        assert _who(left) == "left"
    assert _who(root) == "left"


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


def test_a_default_scope_that_no_registry_has_is_an_error() -> None:
    root, _, _ = _tree()
    init_default_scope("engine")  # a scope that is known, but not in this tree
    with pytest.raises(
        NotRegisteredError, match="is installed, but has no registry below top::scoped"
    ):
        _who(root)
    alone: Registry[Any] = Registry("alone", scope="top")
    alone.register_module("who", module=lambda: "alone")
    assert _who(alone) == "alone"  # a tree of one node leaves nothing to choose


def test_switch_scope_and_registry() -> None:
    root, left, right = _tree()
    with right.switch_scope_and_registry("left") as registry:
        assert registry is left
        assert _who(root) == "left"
    with right.switch_scope_and_registry(None) as registry:
        assert registry is right


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
    with pytest.raises(TypeError, match="a scope name is a string"):
        DefaultScope("bad", 3)  # type: ignore[arg-type]


def test_a_fallback_is_declared() -> None:
    root, left, _ = _tree()
    with DefaultScope.overwrite_default_scope("engine", fallback=True):
        assert _who(root) == "top"
    init_default_scope("engine", fallback=True)
    assert _who(root) == "top"
    assert root.build({"type": "who", "_scope_": "mmbeta", "_fallback_": True}) == "top"
    with pytest.raises(NotRegisteredError):
        left.build({"type": "who", "_scope_": "mmbeta"})
