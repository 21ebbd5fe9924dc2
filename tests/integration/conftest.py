"""What the tests across packages share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def workspace() -> Path:
    """The folder of the repository."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def uv(workspace: Path) -> str:
    """The uv that runs the tests, or the one on PATH or in the workspace."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(workspace / ".uv" / "bin")))
    found = os.environ.get("UV") or shutil.which("uv", path=path)
    if found is None:
        pytest.skip("uv is not on PATH")
    return found
