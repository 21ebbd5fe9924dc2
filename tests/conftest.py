"""What the tests of all packages share."""

from __future__ import annotations

import importlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from torch._C._distributed_c10d import TCPStore
from torch.multiprocessing.spawn import start_processes

from engine.registry import forget_scopes
from engine.testing import reset

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
def make_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLibrary]:
    """Return a function that installs a library, as pip would, with a module of registries.

    With `scope` the library announces that scope by an entry point.
    """

    def make(
        name: str, registry: str, requires: str = "engine>=0.1", scope: str = "", **modules: str
    ) -> Path:
        package = tmp_path / name
        package.mkdir()
        for module, text in {"__init__": "", "registry": registry, **modules}.items():
            (package / f"{module}.py").write_text(text, encoding="utf-8")
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requires}\n"
        (facts / "METADATA").write_text(metadata, encoding="utf-8")
        if scope:
            announced = f"[engine.scopes]\n{scope} = {name}.registry\n"
            (facts / "entry_points.txt").write_text(announced, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        forget_scopes()
        return tmp_path

    yield make
    forget_scopes()


Together = Callable[..., None]


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Together:
    """Return a function that runs `main` of a script in several processes at once.

    Each gets its rank, the variables that torchrun sets, and further arguments. All are forked from
    one process that has imported torch, since an import for each would take long. Data
    loaders in them have no workers: each would import torch anew.
    """

    def run(script: Path, world_size: int, *args: Any, timeout: float = 120.0) -> None:
        monkeypatch.syspath_prepend(script.parent)
        main = importlib.import_module(script.stem).main
        store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        variables = {
            "WORLD_SIZE": str(world_size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(store.port),
            "TORCHELASTIC_USE_AGENT_STORE": "True",  # the port is free, for the store is here
            "TORCHELASTIC_RESTART_COUNT": "0",
        }
        context = start_processes(
            main, (variables, *args), world_size, join=False, start_method="forkserver"
        )
        deadline = time.monotonic() + timeout
        while not context.join(timeout=1.0):
            if time.monotonic() > deadline:
                for process in context.processes:
                    process.kill()
                pytest.fail(f"{script.name} took more than {timeout:.0f} s")

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium; its loop is that of the module alone, so that others can run their own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs a Chromium browser: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
