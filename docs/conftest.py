"""Runs the examples of the guides, each page in an empty folder."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from engine import registry as registries
from engine.registry import Registry, announced_scopes, forget_scopes
from engine.testing import reset

# The library that docs/your-library.md explains; the pages find it as if it were installed.
_LIBRARY = Path(__file__).resolve().parents[1] / "tests" / "integration" / "mmgamma"
_CONNECTED = r"^\[Gloo\] .*\n"  # versions of torch before 2.14 tell of each connection


def _run_console(example: Example) -> None:
    """Run the commands of a `console` block, and hold their output against what it shows.

    A line `...` in it stands for any number of lines, and `...` within a line for any text.
    """
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", example.parsed, re.M):
        program, *words = shlex.split(command)
        if program == "engine":
            code = f"from engine.cli import main\nmain({words})"
            printed = example.namespace["probe_with_torch"](code)
        else:
            run = subprocess.run(
                [Path(sys.executable).with_name(program), *words],
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            printed = re.sub(_CONNECTED, "", run.stdout, flags=re.MULTILINE)
        pattern = re.escape(expected.rstrip()).replace(re.escape("..."), ".*")
        assert re.fullmatch(pattern, printed.rstrip(), re.S), printed


def _hold_against_file(example: Example) -> None:
    """Hold a block against the file of the library in `tests/integration` that it shows."""
    title, _, shown = example.parsed.partition("\n")
    if title.startswith(f"# {_LIBRARY.name}/"):
        assert shown == (_LIBRARY.parent / title[2:]).read_text("utf-8")


class _ConsoleParser(CodeBlockParser):
    """Finds blocks of shell commands and what they print."""

    language = "console"

    def evaluate(self, example: Example) -> None:
        _run_console(example)


@pytest.fixture(scope="module")
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the examples of a page in a folder of its own, and leave the process as it was."""
    site = _installed(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        patch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
        patch.syspath_prepend(site)
        reset()
        yield
        reset()
    _forget_libraries()


def _installed(site: Path) -> Path:
    """Put the library into a folder as an installer does, with its metadata."""
    project = tomllib.loads((_LIBRARY / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(_LIBRARY / "src", site, dirs_exist_ok=True)
    facts = site / f"{project['name']}-{project['version']}.dist-info"
    facts.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Requires-Dist: {each}" for each in project["dependencies"]]
    (facts / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    sections = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (facts / "entry_points.txt").write_text("\n".join(sections), "utf-8")
    return site


def _forget_libraries() -> None:
    """Take the libraries that a page made up out of the trees of the root registries."""
    for module in [*sys.modules]:
        if module.partition(".")[0] == _LIBRARY.name:
            del sys.modules[module]
    forget_scopes()
    for name in dir(registries):
        root = getattr(registries, name)
        if isinstance(root, Registry) and root.parent is None:
            for scope in root.children.keys() - announced_scopes().keys():
                del root._children[scope]
                root._tree.scopes.discard(scope)
            root._tree.clear_caches()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        _ConsoleParser(),
        CodeBlockParser("py", _hold_against_file),
        CodeBlockParser("toml", _hold_against_file),
    ],
    patterns=["*.md"],
    fixtures=["_empty_folder", "probe_with_torch"],
).pytest()
