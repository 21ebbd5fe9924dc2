"""The guides refer to what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engine.infer import BaseInferencer

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("packages/*/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target for target in targets if "://" not in target]
    missing = [t for t in local if not (page.parent / t.partition("#")[0]).exists()]
    assert not missing


def test_each_guide_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in ROOT.glob("docs/*.md") if f"docs/{page.name}" not in readme] == []


def test_the_model_zoo_has_all_shipped_configs(workspace: Path) -> None:
    page = (workspace / "docs" / "model-zoo.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\S+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(BaseInferencer.list_models())


def test_the_architecture_has_the_floors_of_the_contract(workspace: Path) -> None:
    project = tomllib.loads((workspace / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    floors = [{*re.findall(r"\w+", layer)} - {"_lazy"} for layer in reversed(layers)]
    page = (workspace / "docs" / "architecture.md").read_text("utf-8")
    told: dict[int, set[str]] = {}
    for number, packages in re.findall(r"^\| (\d+) \| (`[^|]*`) \|", page, re.MULTILINE):
        told.setdefault(int(number), set()).update(re.findall(r"`(\w+)`", packages))
    assert told == dict(enumerate(filter(None, floors), 1))
    drawing = (workspace / "docs" / "images" / "floors.svg").read_text("utf-8")
    assert set().union(*floors) <= {*re.findall(r">(\w+)</text>", drawing)}


def test_what_the_architecture_names_is_there(workspace: Path) -> None:
    page = (workspace / "docs" / "architecture.md").read_text("utf-8")
    source = workspace / "packages" / "engine" / "src" / "engine"
    alpha = workspace / "packages" / "alpha" / "src"
    roots = (source, alpha, workspace, workspace / "tests" / "engine")
    files = re.findall(r"`((?:\w+/)+\w+\.py)`", page)
    assert [file for file in files if not any((root / file).exists() for root in roots)] == []
    defined = re.findall(r"((?:`[\w.]+`(?:, )?)+) in `((?:\w+/)+\w+\.py)`", page)
    assert len(files) > 20
    assert len(defined) > 8
    for names, file in defined:
        text = (source / file).read_text("utf-8")
        for name in re.findall(r"(\w+)`", names):
            assert re.search(rf"^ *(?:def |class )?{name}\b", text, re.MULTILINE), (name, file)
