"""What the tests of all packages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from engine.testing import reset

# Beside Hypothesis's own choice (its "ci" profile where CI is set): a busy machine is no error.
settings.register_profile("workspace", settings(), deadline=None)
settings.load_profile("workspace")


@pytest.fixture(autouse=True)
def _process_as_it_starts() -> Iterator[None]:
    """Start and leave each test with what is set for the whole process as it is at the start.

    A run of a fixture that many tests share is made before this, hence the start.
    """
    reset()
    yield
    reset()


MakeLibrary = Callable[..., Path]


@pytest.fixture
def make_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeLibrary:
    """Return a function that installs a library, as pip would, with a module of registries."""

    def make(name: str, registry: str, requires: str = "engine>=0.1", **modules: str) -> Path:
        package = tmp_path / name
        package.mkdir()
        for module, text in {"__init__": "", "registry": registry, **modules}.items():
            (package / f"{module}.py").write_text(text, encoding="utf-8")
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requires}\n"
        (facts / "METADATA").write_text(metadata, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        return tmp_path

    return make
