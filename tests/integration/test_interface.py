"""`scripts/interface`: what differs from the public names of the last release is in a changelog."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FACE = """\
from ._parts import Part as Part
from ._parts import count as count
"""
PARTS = """\
from typing import overload

class _Base:
    def weigh(self, unit: str = "g") -> float: ...

class Part(_Base):
    color: str = "red"

    def __init__(self, size: int) -> None:
        self.size: int = size
        self._secret = size

    @property
    def area(self) -> int: ...

    @overload
    def get(self, key: int) -> int: ...
    @overload
    def get(self, key: str, *, default: str = "") -> str: ...
    def get(self, key, *, default=""): ...

    def __len__(self) -> int: ...
    def __repr__(self) -> str: ...

def count(*parts: Part, first: int = 0, **options: object) -> int: ...

def hidden() -> None: ...
"""
HELPERS = """\
from typing import Any

LIMIT = 3

def helper(a: int, /, b: Any, *, c: bool = False) -> None: ...
"""


@pytest.fixture
def library(tmp_path: Path, workspace: Path) -> Path:
    """A library whose last release has what its source has."""
    package = tmp_path / "src" / "small"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__init__.pyi").write_text(FACE)
    (package / "_parts.py").write_text(PARTS)
    (package / "helpers.py").write_text(HELPERS)
    (tmp_path / "changes").mkdir()
    assert run(workspace, "--write", tmp_path) == (0, "")
    return tmp_path


def run(workspace: Path, *arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, workspace / "scripts" / "interface", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("folder", ["engine", "alpha", "beta"])
def test_a_changelog_tells_all_changes_of_public_names(folder: str, workspace: Path) -> None:
    status, message = run(workspace, "--check", workspace / "packages" / folder)
    assert not status, message


def test_the_public_names_of_a_library(library: Path) -> None:
    assert (library / "interface.txt").read_text("utf-8").splitlines() == [
        "class small.Part",
        "small.Part.__init__(self, size: int) -> None",
        "small.Part.__len__(self) -> int",
        "small.Part.area: int  @property",
        "small.Part.color: str = 'red'",
        "small.Part.get(self, key: int) -> int",
        "small.Part.get(self, key: str, *, default: str = '') -> str",
        "small.Part.size: int",
        "small.Part.weigh(self, unit: str = 'g') -> float",
        "small.count(*parts: Part, first: int = 0, **options: object) -> int",
        "small.helpers.LIMIT = 3",
        "small.helpers.helper(a: int, /, b: Any, *, c: bool = False) -> None",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "how", "name", "told"),
    [
        pytest.param(
            *("_parts.py", "first: int = 0", "first: int = 0, last: int = 9"),
            *("changed", "small.count", "count"),
            id="an argument is added",
        ),
        pytest.param(
            *("_parts.py", 'unit: str = "g"', 'unit: str = "kg"'),
            *("changed", "small.Part.weigh", "Part.weigh"),
            id="a default is changed",
        ),
        pytest.param(
            *("_parts.py", "-> float", "-> int"),
            *("changed", "small.Part.weigh", "small.Part.weigh"),
            id="a type is changed",
        ),
        pytest.param(
            *("_parts.py", "(self, key: int) -> int", "(self, key: bytes) -> int"),
            *("changed", "small.Part.get", "Part.get(b'key')"),
            id="an overload is changed",
        ),
        pytest.param(
            *("_parts.py", "def area", "def surface"),
            *("added", "small.Part.surface", "Part.surface` in place of `Part.area"),
            id="a property is renamed",
        ),
        pytest.param(
            *("__init__.pyi", "from ._parts import count as count\n", ""),
            *("removed", "small.count", "count"),
            id="a name is removed",
        ),
        pytest.param(
            *("__init__.pyi", "from ._parts import Part as Part\n", ""),
            *("removed", "small.Part", "Part"),
            id="a class is removed, and its members with it",
        ),
        pytest.param(
            *("helpers.py", "LIMIT = 3", "LIMIT = 3\nMOST = 4"),
            *("added", "small.helpers.MOST", "MOST"),
            id="a name is added",
        ),
    ],
)
def test_a_change_has_to_be_told(
    file: str,
    old: str,
    new: str,
    how: str,
    name: str,
    told: str,
    library: Path,
    workspace: Path,
) -> None:
    edit(library / "src" / "small" / file, old, new)
    fragment = library / "changes" / "+change.changed.md"
    fragment.write_text(f"Something else, `other`, and {name} without backticks.\n")
    status, message = run(workspace, "--check", library)
    assert status == 1
    lines = message.splitlines()
    assert lines[0].startswith(f"These names differ from {library / 'interface.txt'}")
    assert f"  {how:<7}  `{name}`" in lines
    assert str(library / "changes" / "+short-name.changed.md") in lines[-1]
    fragment.write_text(f"There is `{told}`.\n")
    assert run(workspace, "--check", library) == (0, "")


def test_the_name_of_a_member_needs_its_class(library: Path, workspace: Path) -> None:
    edit(library / "src" / "small" / "_parts.py", 'unit: str = "g"', "")
    (library / "changes" / "+weigh.changed.md").write_text("`weigh` takes no unit, `Part` is old.")
    status, message = run(workspace, "--check", library)
    assert status == 1
    assert "  changed  `small.Part.weigh`" in message.splitlines()


def test_what_is_private_may_change(library: Path, workspace: Path) -> None:
    parts = library / "src" / "small" / "_parts.py"
    edit(parts, "def hidden() -> None: ...", "def _gone(a: int) -> None: ...")
    edit(parts, "self._secret", "self._other")
    edit(parts, "    def __repr__(self) -> str: ...\n", "")
    edit(parts, "class Part(_Base)", "class _Middle(_Base): ...\n\nclass Part(_Middle)")
    assert run(workspace, "--check", library) == (0, "")


def test_the_differences_are_shown_and_a_release_takes_them(library: Path, workspace: Path) -> None:
    edit(library / "src" / "small" / "helpers.py", "LIMIT = 3", "LIMIT = 4")
    edit(library / "src" / "small" / "__init__.pyi", "from ._parts import count as count\n", "")
    assert run(workspace, library) == (
        0,
        "- small.count(*parts: Part, first: int = 0, **options: object) -> int\n"
        "- small.helpers.LIMIT = 3\n"
        "+ small.helpers.LIMIT = 4\n",
    )
    assert run(workspace, "--write", library) == (0, "")
    assert run(workspace, library) == (0, "")
    assert run(workspace, "--check", library) == (0, "")
