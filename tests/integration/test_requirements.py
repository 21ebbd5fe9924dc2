"""What the libraries require: what they import, in the same versions."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = sorted(ROOT.glob("packages/*"))
DISTRIBUTIONS = packages_distributions()
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NOT_MODULES = ("configs", "templates")  # a config says what it needs when it is built


def requirements_of(library: Path) -> list[Requirement]:
    """Return what a library requires, always or in an extra."""
    project = tomllib.loads((library / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    return [*map(Requirement, chain(project["dependencies"], *extras))]


def imported(node: ast.AST) -> Iterator[str]:
    """Return the names of the modules that are imported when a module is."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            yield from [] if each.level else [each.module or ""]
        elif not (isinstance(each, FUNCTIONS) or is_for_type_checkers(each)):
            yield from imported(each)


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.name)
def test_a_library_requires_what_it_imports(library: Path) -> None:
    required = {canonicalize_name(each.name) for each in requirements_of(library)}
    [source] = (library / "src").glob("*")
    seen = set()
    for file in source.rglob("*.py"):
        if not {*NOT_MODULES} & {*file.relative_to(source).parts}:
            names = imported(ast.parse(file.read_text("utf-8")))
            seen |= {name.partition(".")[0] for name in names}
    foreign = seen - sys.stdlib_module_names - {source.name}
    missing = {
        name
        for name in foreign
        if required.isdisjoint(map(canonicalize_name, DISTRIBUTIONS.get(name, [name])))
    }
    assert {"torch", "lazy_loader"} <= foreign
    assert not missing


def test_libraries_require_the_same_versions() -> None:
    ranges: dict[str, set[str]] = {}
    for each in chain(*map(requirements_of, LIBRARIES)):
        if each.specifier:  # which the extra of engine with libraries made for it has not
            ranges.setdefault(canonicalize_name(each.name), set()).add(str(each.specifier))
    assert not {name: found for name, found in ranges.items() if len(found) > 1}
