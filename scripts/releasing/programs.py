"""Programs that a release runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

HIDDEN = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV")
"""What is of this process alone. Without bytecode each start of torch would take twice as long."""


class ReleaseError(Exception):
    """What keeps a library from being released."""


def run(*command: str | Path, folder: Path, given: str = "", **variables: str) -> str:
    """Run a program in a folder, and return what it prints.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        given: Its standard input.
        variables: What its environment has besides that of this process.

    Raises:
        ReleaseError: It failed. The message has all that it printed.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    done = subprocess.run(
        command,
        cwd=folder,
        env=inherited | variables,
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise ReleaseError(f"`{words}` failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


@cache
def uv() -> str:
    """Return the uv on PATH, or the one that scripts/_setup.sh got."""
    local = Path(__file__).resolve().parents[2] / ".uv" / "bin" / "uv"
    found = os.environ.get("UV") or shutil.which("uv") or (str(local) if local.exists() else None)
    if found is None:
        raise ReleaseError("uv is not on PATH; run ./scripts/test, which gets it")
    return found
