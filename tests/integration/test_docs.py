"""The guides refer to what is there."""

from __future__ import annotations

import re
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
