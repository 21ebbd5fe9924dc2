"""Scripts that run within a test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.testing import check_python_script


@pytest.mark.parametrize("start", ["", "python "])
def test_a_script_runs_here(tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str) -> None:
    script = tmp_path / "a script.py"
    script.write_text("import sys\nif __name__ == '__main__':\n    print(sys.argv[1:])\n")
    arguments = [*sys.argv]
    check_python_script(f"{start}'{script}' --name 'two words'")
    assert capsys.readouterr().out == "['--name', 'two words']\n"
    assert sys.argv == arguments


def test_a_script_that_fails(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit(3)\n")
    arguments = [*sys.argv]
    with pytest.raises(SystemExit):
        check_python_script(str(script))
    assert sys.argv == arguments


@pytest.mark.parametrize("command", ["", "python"])
def test_no_script(command: str) -> None:
    with pytest.raises(ValueError, match="a command names a script"):
        check_python_script(command)
