"""The examples of the guides and READMEs pass strict type checkers, as the programs of users do."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("packages/*/README.md"), ROOT / "README.md"]
PYRIGHT = {
    "typeCheckingMode": "strict",
    # A page shows values, and imports again what each of its examples needs.
    "reportUnusedExpression": False,
    "reportDuplicateImport": False,
    "reportUnusedImport": False,
    "reportUnusedVariable": False,
    "reportDeprecated": False,
    # Packages without types, which mypy is told of in pyproject.toml.
    "useLibraryCodeForTypes": False,
    "reportMissingImports": False,
    "reportMissingTypeStubs": False,
    "reportUnknownArgumentType": False,
    "reportUnknownMemberType": False,
    "reportUnknownVariableType": False,
}
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def script_of(page: Path) -> str:
    """Return the examples of a page as one program, each line where the page has it.

    What a page shows to fail is left out.
    """
    text = page.read_text("utf-8")
    lines: list[str] = []

    def put(code: str, first: int) -> None:
        lines.extend([""] * (first - len(lines)))
        lines.extend(code.rstrip("\n").split("\n"))

    for block in _BLOCK.finditer(text):
        code, first = block[1], text.count("\n", 0, block.start(1))
        if ">>>" not in code:
            put(code, first)
            continue
        for example in doctest.DocTestParser().get_examples(code):
            if example.exc_msg is None:
                put(example.source, first + example.lineno)
    return "\n".join([*lines, ""])


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The examples of all pages, and a program with a mistake that is to be found."""
    for page in PAGES:
        name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_")
        (tmp_path / f"{name}.py").write_text(script_of(page), "utf-8")
    wrong = "from engine.runner import Runner\nRunner(model=3, work_dir='x')\n"
    (tmp_path / "wrong.py").write_text(wrong, "utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_pages_pass_mypy(programs: Path) -> None:
    run = subprocess.run(
        # In the root, for the options of the source and the cache of its check.
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(programs)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.stderr
    mistakes = [line for line in run.stdout.splitlines() if "wrong.py:2: error: " in line]
    assert len(mistakes) == 1
    assert 'Argument "model" to "Runner" has incompatible type "int"' in mistakes[0]
    assert run.stdout.splitlines() == mistakes


@pytest.mark.slow
def test_the_pages_pass_pyright(programs: Path) -> None:
    (programs / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), "utf-8")
    found = pyright("--project", str(programs))["generalDiagnostics"]
    mistakes = [each for each in found if Path(each["file"]).name == "wrong.py"]
    assert [each["range"]["start"]["line"] for each in mistakes] == [1]
    assert 'cannot be assigned to parameter "model"' in mistakes[0]["message"]
    assert [format_finding(each) for each in found if each not in mistakes] == []


@pytest.mark.slow
@pytest.mark.parametrize("library", ["engine", "mmalpha", "mmbeta"])
def test_the_types_of_all_public_names_are_known(library: str) -> None:
    checked = pyright("--verifytypes", library, "--ignoreexternal")["typeCompleteness"]
    names = [each for each in checked["symbols"] if ".configs." not in each["name"]]
    assert len(names) > 300
    unknown = [each for each in names if not each["isTypeKnown"] or each["isTypeAmbiguous"]]
    assert [format_finding(finding) for each in unknown for finding in each["diagnostics"]] == []
    assert [each["name"] for each in unknown] == []


def pyright(*options: str) -> Any:
    """Return what pyright prints as JSON, for the environment that runs the tests."""
    # It asks the Python on PATH where packages are.
    scripts = str(Path(sys.executable).parent)
    environ = {**os.environ, "PATH": os.pathsep.join((scripts, os.environ["PATH"]))}
    run = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", *options],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return json.loads(run.stdout)


def format_finding(finding: dict[str, Any]) -> str:
    """Return a finding of pyright on one line."""
    line = finding["range"]["start"]["line"] + 1 if "range" in finding else 0
    return f"{finding.get('file', '')}:{line}: {' '.join(finding['message'].split())}"
