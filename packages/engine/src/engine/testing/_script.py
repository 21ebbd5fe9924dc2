"""Scripts within a test."""

from __future__ import annotations

import runpy
import shlex
import sys


def check_python_script(cmd: str) -> None:
    """Run a Python script as the main program of this process, so that it counts in coverage.

    Args:
        cmd: The script and its arguments, `'tools/x.py --flag'`; a `python` before it is allowed.

    Raises:
        ValueError: If there is no script in it.
    """
    words = shlex.split(cmd)
    if words[:1] == ["python"]:
        del words[0]
    if not words:
        raise ValueError(f"a command names a script; got {cmd!r}")
    before, sys.argv = sys.argv, words
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.argv = before
