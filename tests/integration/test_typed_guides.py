"""The examples of the guides and READMEs pass `mypy --strict` as the programs of users do."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("packages/*/README.md"), ROOT / "README.md"]
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


@pytest.mark.slow
def test_the_pages_are_typed(tmp_path: Path) -> None:
    for page in PAGES:
        name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_")
        (tmp_path / f"{name}.py").write_text(script_of(page), "utf-8")
    # That the check finds a mistake is checked too.
    wrong = "from engine.runner import Runner\nRunner(model=3, work_dir='x')\n"
    (tmp_path / "wrong.py").write_text(wrong, "utf-8")
    run = subprocess.run(
        # In the root, for the options of the source and the cache of its check.
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(tmp_path)],
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
