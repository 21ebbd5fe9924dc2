"""Programs in processes of their own, for the tests and the guides; and the order of the tests."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Probe = Callable[[str], str]

# What the processes of a forkserver have imported: an import for each would take seconds.
multiprocessing.get_context("forkserver").set_forkserver_preload(["torch._dynamo"])

_LIKE_THIS_PROCESS = """
import os
os.dup2(os.open({out!r}, os.O_WRONLY | os.O_CREAT), 1)
os.dup2(os.open({err!r}, os.O_WRONLY | os.O_CREAT), 2)
os.chdir({folder!r})
os.environ.clear()
os.environ.update({environ!r})
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with slow tests first, so that no process waits for another at the end.

    Those are the guides as well, whose commands start programs.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow and item.path.suffix != ".md")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests say that they compared."""
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == "compared":
                terminalreporter.write_line(f"compared: {line}")


@pytest.fixture(scope="session")
def probe() -> Probe:
    """Return a function that runs a program in a new interpreter and returns what it prints."""

    def run(code: str) -> str:
        words = [sys.executable, "-c", code]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def probe_with_torch(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Return a function like `probe`, but where torch is imported already, and nothing of engine.

    The program has the folder, the environment variables and the `sys.path` of this process.
    """
    context = multiprocessing.get_context("forkserver")

    def run(code: str) -> str:
        folder = tmp_path_factory.mktemp("probe")
        out, err = folder / "out", folder / "err"
        prelude = _LIKE_THIS_PROCESS.format(
            out=str(out), err=str(err), folder=str(Path.cwd()), environ=dict(os.environ)
        )
        process = context.Process(target=exec, args=(prelude + code, {"__name__": "__main__"}))
        process.start()
        process.join()
        assert process.exitcode == 0, err.read_text("utf-8")
        return out.read_text("utf-8")

    return run
