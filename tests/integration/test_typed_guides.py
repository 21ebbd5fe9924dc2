"""The examples of the guides are type-checked as the programs of users are."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs").glob("*.md"))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What `--strict` asks of the user's own functions and classes, which the guides leave out.
_OF_THE_USER = ["no-untyped-def", "no-untyped-call", "no-any-return", "no-redef", "type-arg"]
# A page uses a name for one thing after another.
_REDEFINED = "# mypy: allow-redefinition-new, local-partial-types"
_FOUND = re.compile(r"(\w+)_guide\.py:(\d+): error: (.*)  \[([\w-]+)\]")


def script_of(guide: Path) -> str:
    """Return the examples of a guide as one program, each line where the guide has it.

    What a guide shows to fail is left out.
    """
    text = guide.read_text("utf-8")
    lines: list[str] = []

    def put(code: str, first: int) -> None:
        lines.extend([""] * (first - len(lines)))
        lines.extend(code.rstrip("\n").split("\n"))

    for block in _BLOCK.finditer(text):
        language, code = block.groups()
        first = text.count("\n", 0, block.start(2))
        if language == "python" and ">>>" not in code:
            put(code, first)
        elif language == "python":
            for example in doctest.DocTestParser().get_examples(code):
                if example.exc_msg is None:
                    put(example.source, first + example.lineno)
    options = ", ".join(_OF_THE_USER)
    return "\n".join([*lines, f'# mypy: disable-error-code="{options}"', _REDEFINED, ""])


def is_of_torch(kind: str, message: str) -> bool:
    """Return whether torch is meant: an attribute of a module is `Tensor | Module` there."""
    return kind in ("union-attr", "index", "operator") and '"Tensor' in message


def errors_in(folder: Path) -> list[str]:
    """Type-check scripts, and return what is found in them as `guide.md:line: message`."""
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, sorted(folder.glob("*.py")))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.stderr, run.stderr
    found = [_FOUND.search(line) for line in run.stdout.splitlines()[:-1]]
    assert run.returncode == 0 or found
    return [
        f"{match[1]}.md:{match[2]}: {match[3]}"
        for match in found
        if match is not None and not is_of_torch(match[4], match[3])
    ]


@pytest.mark.slow
def test_the_guides_are_typed(tmp_path: Path) -> None:
    for guide in GUIDES:
        name = guide.stem.replace("-", "_")
        (tmp_path / f"{name}_guide.py").write_text(script_of(guide), encoding="utf-8")
    wrong = "from engine.runner import Runner\nRunner(model=3, work_dir='x')\n"
    (tmp_path / "zz_wrong_guide.py").write_text(wrong)
    *found, last = errors_in(tmp_path)
    assert found == []
    # That the check finds such a thing is checked too.
    assert last.startswith(
        'zz_wrong.md:2: Argument "model" to "Runner" has incompatible type "int"'
    )
