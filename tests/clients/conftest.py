"""Environments with libraries written for MMEngine, and their data."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clients.environment import ROOT, make
from tests.clients.toy_data import make_data

Environment = Callable[[str], Path]


@pytest.fixture(scope="session")
def environment() -> Environment:
    """Return a function that makes an environment and returns its Python.

    It is kept in `.venv` for the next tests, and brought up to date once for all processes of them.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))

    def get(name: str) -> Path:
        folder = ROOT / ".venv" / "clients" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        stamp = folder.with_suffix(".made")
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text() != run:
                make(folder)
                stamp.write_text(run)
        return folder / "bin" / "python"

    return get


@pytest.fixture(scope="session")
def client(environment: Environment) -> Path:
    """Return the Python of an environment where `mmengine` means engine."""
    python = environment("facts")
    subprocess.run([python, "-m", "engine", "compat", "enable"], check=True, capture_output=True)
    return python


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the data of the runs."""
    folder = tmp_path_factory.mktemp("data")
    make_data(folder)
    return folder
