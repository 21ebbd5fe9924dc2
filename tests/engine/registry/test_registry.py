"""A single registry, as a mapping and as a set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.registry import Registry, count_registered_modules, traverse_registry_tree

Probe = Callable[[str], str]


def _one() -> int:
    return 1


NAMES = st.sampled_from(("a", "b", "c"))
MODULES = st.sampled_from((_one, int, dict))


def test_registration_by_decorator_call_and_names() -> None:
    registry: Registry[Any] = Registry("number", scope="here")

    @registry.register_module(name=["uno", "one"])
    def eins() -> int:
        return 1

    assert registry.register_module(module=_one) is _one
    assert list(registry) == ["uno", "one", "_one"]
    assert dict(registry.module_dict) == {"uno": eins, "one": eins, "_one": _one}
    assert len(registry) == 3
    assert "uno" in registry
    assert 3 not in registry


class Changes(RuleBasedStateMachine):
    """A registry whose `module_dict` is changed as a dictionary is, and a dictionary beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Registry[Any] = Registry("number", scope="top")
        self.below = self.root.child("below")
        self.model: dict[str, Any] = {}

    @rule(name=NAMES, module=MODULES)
    def set(self, name: str, module: Any) -> None:
        self.root.module_dict[name] = self.model[name] = module

    @rule(name=NAMES, module=MODULES)
    def register(self, name: str, module: Any) -> None:
        self.root.register_module(name, force=True, module=module)
        self.model[name] = module

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.model:
            del self.root.module_dict[name], self.model[name]

    @rule(name=NAMES, default=st.none() | MODULES)
    def pop(self, name: str, default: Any) -> None:
        assert self.root.module_dict.pop(name, default) is self.model.pop(name, default)

    @rule(name=NAMES, module=MODULES)
    def set_default(self, name: str, module: Any) -> None:
        found = self.root.module_dict.setdefault(name, module)
        assert found is self.model.setdefault(name, module)

    @rule(modules=st.dictionaries(NAMES, MODULES), joins=st.booleans())
    def update(self, modules: dict[str, Any], joins: bool) -> None:
        if joins:
            names = self.root.module_dict
            names |= modules
        else:
            self.root.module_dict.update(modules)
        self.model.update(modules)

    @rule()
    def pop_item(self) -> None:
        if self.model:
            assert self.root.module_dict.popitem() == self.model.popitem()

    @rule()
    def clear(self) -> None:
        self.root.module_dict.clear()
        self.model.clear()

    @invariant()
    def look_up(self) -> None:
        assert self.root.module_dict == self.model
        assert [*self.root] == [*self.model]
        for name in ("a", "b", "c"):
            assert self.below.get(name, None) is self.model.get(name)
            assert (name in self.root) is (name in self.model)
            explanation = self.below.explain(name)
            assert (explanation.found is not None) is (name in self.model)


TestChanges = Changes.TestCase


def test_the_place_of_what_is_put_into_the_dictionary() -> None:
    registry: Registry[Any] = Registry("number", scope="here")
    registry.module_dict["two"] = _one
    assert registry.get_call_site("two").filename == __file__
    with pytest.raises(KeyError):
        registry.module_dict.pop("three")
    with pytest.raises(KeyError, match="nothing is registered"):
        Registry("number", scope="here").module_dict.popitem()


def test_an_empty_registry_is_true() -> None:
    assert Registry("number", scope="here")


def test_the_scope_is_that_of_the_calling_package() -> None:
    registry: Registry[Any] = Registry("number")
    assert registry.scope == __name__.partition(".")[0]
    assert registry.label == f"{registry.scope}::number"


def test_a_child_takes_over_name_and_build_func() -> None:
    root: Registry[Any] = Registry("number", lambda cfg, registry: registry.scope, scope="top")
    child = root.child("below")
    assert child.name == "number"
    assert child.root is root
    assert dict(root.children) == {"below": child}
    assert child.build({}) == "below"


def test_split_scope_key() -> None:
    assert Registry.split_scope_key("ResNet") == (None, "ResNet")
    assert Registry.split_scope_key("mmdet.ResNet") == ("mmdet", "ResNet")
    assert Registry.split_scope_key("a.b.ResNet") == ("a", "b.ResNet")


def test_repr_is_a_table() -> None:
    registry: Registry[Any] = Registry("number", scope="here")
    registry.register_module(module=_one)
    shown = repr(registry)
    assert "Registry of number" in shown
    assert "_one" in shown


def test_get_asks_for_a_string() -> None:
    with pytest.raises(TypeError, match="registry key must be a str; got"):
        Registry("number", scope="here").get([])  # type: ignore[call-overload]


def test_traverse_and_count(tmp_path: Path) -> None:
    root: Registry[Any] = Registry("number", scope="top")
    root.child("below").register_module(module=_one)
    report = traverse_registry_tree(root.children["below"], verbose=False)
    folder = (__name__.rpartition(".")[0] or __name__).replace(".", "/")
    assert report == [
        {"num_modules": 0, "scope": "top"},
        {"num_modules": 1, "scope": "below", folder: ["_one"]},
    ]
    counted = count_registered_modules(str(tmp_path), verbose=False)
    written = (tmp_path / "modules_statistic_results.json").read_text(encoding="utf-8")
    assert json.loads(written) == counted
    assert set(counted) == {"scan_date", "registries"}
    models = counted["registries"]["MODELS"][0]
    assert models["scope"] == "engine"
    assert "Sequential" in models["engine/model"]
    assert (
        sum(len(each) for each in models.values() if isinstance(each, list))
        == models["num_modules"]
    )


def test_a_report_is_printed_if_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    root: Registry[Any] = Registry("printed", scope="top")
    root.register_module("first", module=dict)
    root.child("below").register_module("second", module=list)
    report = traverse_registry_tree(root)
    assert [each["num_modules"] for each in report] == [1, 1]
    assert capsys.readouterr().out.splitlines() == [
        "top::printed: 1 registered",
        "below::printed: 1 registered",
    ]


def test_names_and_configs_load_nothing_heavy(probe: Probe) -> None:
    code = """
import sys
import engine
from engine.registry import MODELS, Registry
from engine.config import Config
registry = Registry('thing')
registry.register_module('x', module=dict)
assert registry.build(dict(type='x', a=1)) == {'a': 1}
heavy = {'torch', 'numpy', 'matplotlib', 'rich', 'yaml', 'fsspec'} & set(sys.modules)
assert not heavy, heavy
"""
    probe(code)


def test_a_registry_needs_no_name() -> None:
    registry: Registry[Any] = Registry()

    @registry.register
    def model(*args: int, **kwargs: int) -> object:
        return args, kwargs

    assert "model" in registry
    assert registry.build("model", 1, x=2) == ((1,), {"x": 2})


def test_a_decorator_needs_no_brackets() -> None:
    registry: Registry[Any] = Registry("thing", scope="top")

    @registry.register_module
    class Bare: ...

    @registry.register_module
    def function() -> int:
        return 1

    assert registry.get("Bare") is Bare
    assert registry.build({"type": "function"}) == function() == 1


def test_two_nodes_of_one_scope_below_one_parent_are_an_error() -> None:
    root: Registry[Any] = Registry("thing", scope="top")
    first = root.child("twice")
    with pytest.raises(ValueError, match="has a child of the scope 'twice' already, made at"):
        root.child("twice")
    for _ in range(2):
        with pytest.raises(ValueError, match="already"):
            Registry("thing", parent=root, scope="twice")
    assert root.children["twice"] is first


def test_a_cell_that_runs_again_starts_its_registry_anew() -> None:
    root: Registry[Any] = Registry("thing", scope="top")
    cell = "node = root.child('cell')"
    for _ in range(2):
        names = {"root": root, "__name__": "cell"}
        exec(compile(cell, "<cell>", "exec"), names)  # noqa: S102  # as a notebook does
        assert root.children["cell"] is names["node"]


def test_the_node_of_the_library_of_a_class() -> None:
    from engine.registry import HOOKS, MODELS
    from mmalpha.models import ResNet

    assert MODELS.of_library(ResNet).scope == "mmalpha"
    assert MODELS.of_library(ResNet(18, base_channels=4)).scope == "mmalpha"
    assert HOOKS.of_library(dict).scope == "engine"


def test_the_names_of_a_registry_are_those_that_are_in_it(probe_with_torch: Probe) -> None:
    code = """
from engine.registry import DATA_SAMPLERS, LOOPS
for registry in (DATA_SAMPLERS, LOOPS):
    names = list(registry)
    print(len(names) == len(registry) > 1, all(name in registry for name in names))
"""
    assert probe_with_torch(code).split() == ["True"] * 4
