"""A lookup as data, and as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.registry import MODELS, DefaultScope, Registry, init_default_scope

HERE = Path(__file__).name


def _one() -> int:
    return 1


def _two() -> int:
    return 2


@pytest.fixture
def root() -> Registry[Any]:
    root: Registry[Any] = Registry("thing", scope="top")
    root.register_module("one", module=_one)
    root.child("left").register_module("one", module=_two)
    root.child("right")
    return root


def test_the_story_of_a_name(root: Registry[Any]) -> None:
    told = root.children["left"].explain("one")
    assert (told.key, told.asked, told.start) == ("one", "left::thing", "left::thing")
    assert [(step.node, step.found) for step in told.searched] == [("left::thing", True)]
    assert told.found is not None
    assert told.found.target == f"{__name__}._two"
    assert HERE in (told.found.site or "")
    [shadow] = told.shadows
    assert shadow.startswith("top::thing (")
    assert json.loads(json.dumps(told.to_dict()))["found"]["node"] == "left::thing"


def test_where_the_scope_comes_from(root: Registry[Any]) -> None:
    assert root.explain("one").scope_source == "no default scope is set"
    init_default_scope("left")
    told = root.explain("one")
    assert (told.scope, told.scope_source) == ("left", "the default scope of the process")
    assert told.start == "left::thing"
    assert root.children["right"].explain("one").scope == "left"
    with DefaultScope.overwrite_default_scope("right"):
        told = root.explain("one")
        assert (told.scope, told.scope_source) == ("right", "an override in this context")
        assert [step.node for step in told.searched] == ["right::thing", "top::thing"]


def test_a_name_that_nobody_has(root: Registry[Any]) -> None:
    told = root.explain("onne")
    assert told.found is None
    assert told.error is not None
    assert told.error.startswith("'onne' is not in top::thing; did you mean ")
    assert str(told).splitlines()[:3] == [
        "onne, asked of top::thing",
        "  scope: that of the registry (no default scope is set)",
        "  searched: top::thing: not there",
    ]


def test_a_default_scope_that_the_tree_lacks(root: Registry[Any]) -> None:
    with DefaultScope.overwrite_default_scope("engine"):  # known, so an empty node of this tree
        told = root.explain("one")
    assert told.found is not None
    with DefaultScope.overwrite_default_scope("nowhere_lib"):
        told = root.explain("one")
    assert told.found is None
    assert (told.error or "").startswith(
        "no installed library has the scope 'nowhere_lib', and data"
    )


def test_imports_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "explained_ok.py").write_text("")
    (tmp_path / "explained_broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    root: Registry[Any] = Registry(
        "thing", scope="top", locations=["explained_ok", "explained_broken"]
    )
    told = root.explain("one")
    assert "the import of explained_broken, which a registry names in its" in (told.error or "")
    [step] = told.searched
    assert step.imports["explained_ok"] == "imported"
    assert "ZeroDivisionError: division by zero" in step.imports["explained_broken"]


def test_a_library_is_told() -> None:
    told = MODELS.explain("mmalpha.ResNet")
    assert told.library == {"mmalpha.registry": "imported"}
    assert told.found is not None
    assert told.found.target == "mmalpha.models.backbones.resnet.ResNet"
    assert "mmalpha/models/backbones/resnet.py:" in str(told)


def test_a_dotted_path_is_told() -> None:
    told = MODELS.explain("mmalpha.models.ResNet")
    assert told.found is not None
    assert told.found.node == "path"
    assert MODELS.explain("engine.model.BaseModel").found is None  # it is not registered
