"""The data of the explorer: names, configs, and the page that holds them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, ConfigError
from engine.explorer import Explorer, explore
from engine.registry import HOOKS, MODELS, MultiSourceRegistry, Registry

from .conftest import HOSTILE, MANY, Loss, make_roots

MakeLibrary = Callable[..., Path]


@pytest.fixture(scope="module")
def found() -> Explorer:
    return explore(roots=make_roots(), uses=False, tell=lambda _: None)


def _name(found: Explorer, key: str) -> dict[str, Any]:
    by_id: dict[str, dict[str, Any]] = {each["id"]: each for each in found.data["names"]}
    return by_id[key]


def test_a_registered_name(found: Explorer) -> None:
    name = _name(found, "LOSSES/core.Loss")
    assert name["doc"].startswith("A loss that weighs `all` samples.\n\nArgs:")
    lines = Path(__file__).with_name("conftest.py").read_text("utf-8").splitlines()
    line = lines.index("class Loss:") + 1
    assert name["definition"].endswith(f"conftest.py:{line}")
    assert name["target"].endswith(".Loss")
    assert name["arguments"] == {
        "known": [
            {
                "name": "weight",
                "allowed": "float",
                "default": "1.0",
                "description": "How much it <b>counts</b>.",
            },
            {
                "name": "classes",
                "allowed": "list[int]",
                "default": None,
                "description": "Which classes.",
            },
        ],
        "open": False,
    }


def test_what_is_hidden_is_told_at_both(found: Explorer) -> None:
    assert _name(found, "LOSSES/library.Loss")["hides"] == ["LOSSES/core.Loss"]
    assert _name(found, "LOSSES/core.Loss")["hidden_by"] == ["LOSSES/library.Loss"]


def test_the_tree(found: Explorer) -> None:
    losses, parts = found.data["registries"]
    assert losses == {
        "name": "LOSSES",
        "holds": "loss",
        "nodes": [
            {"scope": "core", "parent": None, "names": 2},
            {"scope": "library", "parent": "core", "names": 1},
        ],
        "sources": [{"prefix": "zoo", "names": 2}],
    }
    assert parts["nodes"] == [{"scope": "core", "parent": None, "names": MANY}]
    assert repr(found) == f"Explorer(names={MANY + 5}, configs=0)"


def test_a_source_names_what_it_can_not_describe(found: Explorer) -> None:
    assert _name(found, "LOSSES/zoo.Loss")["doc"] == "The loss of the library."
    assert "doc" not in _name(found, "LOSSES/zoo.Broken")
    assert found.data["notes"] == ["zoo can't describe Broken (KeyError: 'Broken')"]


def test_a_registry_of_several_sources() -> None:
    several: MultiSourceRegistry[Any] = MultiSourceRegistry("loss")
    losses = make_roots()["LOSSES"]
    several.register_source("library", losses.children["library"])
    several.register_source("zoo", losses.sources["zoo"])
    roots: dict[str, Any] = {"LOSSES": losses, "SEVERAL": several}
    found = explore(roots=roots, uses=False, tell=lambda _: None)
    assert found.data["registries"][1] == {
        "name": "SEVERAL",
        "holds": "loss",
        "nodes": [{"scope": "library", "parent": None, "names": 1}],
        "sources": [{"prefix": "zoo", "names": None, "see": "LOSSES/zoo"}],
    }
    name = _name(found, "SEVERAL/library_Loss")
    assert name["doc"] == "The loss of the library."
    assert name["hides"] == ["LOSSES/zoo.Loss"]
    unasked = explore(roots=roots, sources=False, uses=False)
    assert _name(unasked, "SEVERAL/library_Loss")["hides"] == []


def test_without_sources_their_packages_are_not_asked() -> None:
    found = explore(roots={"LOSSES": make_roots()["LOSSES"]}, sources=False, uses=False)
    assert found.data["registries"][0]["sources"] == [{"prefix": "zoo", "names": None}]
    assert {each["scope"] for each in found.data["names"]} == {"core", "library"}


def test_what_can_not_be_imported_is_told() -> None:
    root: Registry[Any] = Registry("thing", scope="core", locations=["not_there_at_all"])
    told: list[str] = []
    found = explore(roots={"THINGS": root}, uses=False, tell=told.append)
    assert found.data["names"] == []
    assert len(told) == 1
    assert told[0].startswith("core::thing is not complete: the import of not_there_at_all")
    assert found.data["notes"] == told


@pytest.mark.slow  # it reads the configs of all installed libraries
def test_where_shipped_configs_use_a_name(make_library: MakeLibrary) -> None:
    registry = (
        "from engine.registry import HOOKS as ROOT, Registry\n"
        "HOOKS = Registry('hook', parent=ROOT, scope='used_lib')\n"
        "@HOOKS.register_module()\n"
        "class UsedHook: ...\n"
    )
    configs = make_library("used_lib", registry, scope="used_lib") / "used_lib" / "configs"
    configs.mkdir()
    uses = (
        "default_scope = 'used_lib'\ncustom_hooks = [dict(type='UsedHook'), dict(type='EMAHook')]"
    )
    (configs / "uses.py").write_text(uses)
    (configs / "broken.py").write_text("custom_hooks = [")
    told: list[str] = []
    found = explore(roots={"HOOKS": HOOKS}, sources=False, tell=told.append)
    index = found.data["shipped"].index("used_lib::uses.py")
    assert _name(found, "HOOKS/used_lib.UsedHook")["uses"] == [[index, "custom_hooks.0.type"]]
    assert [index, "custom_hooks.1.type"] in _name(found, "HOOKS/engine.EMAHook")["uses"]
    assert [each.partition(" ")[0] for each in told] == ["used_lib::broken.py"]


def _values(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    levels = [*config["values"]]
    for value in levels:
        found[value["path"]] = value
        levels += value.get("children", ())
    return found


def test_a_config(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "_base_ = 'mmalpha::resnet18_digits.py'\n"
        "model = dict(backbone=dict(depth='fifty'))\n"
        "train_dataloader = dict(batch_size=8)\n"
    )
    [config] = explore([file], roots={"MODELS": MODELS}, sources=False, uses=False).data["configs"]
    assert (config["name"], config["errors"], config["warnings"]) == (str(file), 1, 0)
    assert config["findings"][0]["path"] == "model.backbone.depth"
    values = _values(config)
    depth = values["model.backbone.depth"]
    assert depth["site"].endswith("mine.py:2")
    assert depth["overrode"] == [
        {"text": "18", "site": "mmalpha/configs/_base_/resnet18_small.py:7"}
    ]
    assert depth["option"] == "model.backbone.depth=fifty"
    assert values["model.backbone.type"]["name"] == "MODELS/mmalpha.ResNet"
    assert values["model.data_preprocessor.mean"]["text"] == "[78.0]"
    assert values["train_dataloader.batch_size"]["kind"] == "number"


def test_a_config_of_odd_values() -> None:
    cfg = Config({"a.b": 1, "c=d": 2, "of": {"type": Loss}, "long": [*range(99)], "empty": {}})
    [config] = explore({"odd": cfg}, roots={}, uses=False).data["configs"]
    values = _values(config)
    assert [values[key]["option"] for key in ("a.b", "c=d")] == [None, None]
    assert values["of.type"]["text"].endswith(".Loss")
    assert values["of.type"]["option"] is None
    assert values["empty"]["text"] == "{}"
    assert len(values["long"]["children"]) == 99


def test_a_config_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"ships no config 'resnet19_digits.py'; did you mean"):
        explore(["mmalpha::resnet19_digits.py"])


def test_no_text_ends_the_script(found: Explorer) -> None:
    html = found.html
    assert html.count("</script") == 2
    assert "<!--" not in html
    start = html.index('id="data">') + len('id="data">')
    data = json.loads(html[start : html.index("</script", start)])
    assert HOSTILE in {each.get("doc") for each in data["names"]}
    assert len(data["signatures"]) < 10  # each once


def test_the_page_is_written_in_place_of_another(found: Explorer, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    assert found.save(page) == page
    assert page.read_text("utf-8") == found.html
    assert [*tmp_path.iterdir()] == [page]


def test_a_notebook_shows_the_page_in_a_frame(found: Explorer) -> None:
    shown = found._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts"')
    assert shown.count("<") == 2
