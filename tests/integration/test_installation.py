"""The three wheels, each way that they can be installed without the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# One group is one worker of pytest-xdist, which builds the wheels once.
pytestmark = pytest.mark.slow

CONFIG = "mmbeta::fcn_r18_digits.py"
SHORT = ("--cfg-options", "train_cfg.max_epochs=1")


class Environment:
    """A virtual environment with some of the wheels, and a folder to run in."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "env" / "bin" / "python"
        self.folder = folder / "run"
        self.folder.mkdir()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, far from the sources and without a terminal."""
        hidden = ("PYTHONPATH", "VIRTUAL_ENV")
        return subprocess.run(
            [str(self.python.with_name(program)), *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name not in hidden},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


class Wheels:
    """The wheels of the workspace, and the versions that its lock holds for the rest."""

    def __init__(self, workspace: Path, uv: str, folder: Path) -> None:
        self.workspace = workspace
        self.uv = uv
        self.folder = folder
        self.versions = folder / "versions.txt"
        self._uv("build", "--wheel", "--all-packages", "--out-dir", str(folder))
        without = ("--no-emit-workspace", "--no-hashes", "--no-dev")
        self._uv("export", "--frozen", *without, "--output-file", str(self.versions))

    def install(self, folder: Path, **extras: str) -> Environment:
        """Install the wheels of these names, each with its extra, into a new environment."""
        wheels = [
            f"{name}{extra} @ {next(self.folder.glob(f'{name}-*.whl')).as_uri()}"
            for name, extra in extras.items()
        ]
        environment = Environment(folder)
        self._uv("venv", "--python", sys.executable, str(folder / "env"))
        options = ("--python", str(environment.python), "--constraint", str(self.versions))
        self._uv("pip", "install", *options, *wheels)
        return environment

    def _uv(self, *arguments: str) -> None:
        command = [self.uv, *arguments, "--quiet"]
        done = subprocess.run(
            command, cwd=self.workspace, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheels(workspace: Path, uv: str, tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    return Wheels(workspace, uv, tmp_path_factory.mktemp("wheels"))


def test_engine_alone_trains_a_model(wheels: Wheels, workspace: Path, tmp_path: Path) -> None:
    environment = wheels.install(tmp_path, engine="")
    program = workspace / "tests" / "integration" / "small_run.py"

    done = environment.run("python", str(program))

    assert done.returncode == 0, done.stderr
    assert "slope 3.000" in done.stdout


def test_without_mmalpha_the_error_says_what_to_install(wheels: Wheels, tmp_path: Path) -> None:
    environment = wheels.install(tmp_path, engine="[vis]", mmbeta="")

    done = environment.run("engine", "train", CONFIG)

    assert done.returncode == 2, done.stderr
    assert done.stderr.count("Error:") == 1
    assert "'mmalpha' is not installed. Install it: pip install mmalpha" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_all_three_run_the_main_job(wheels: Wheels, tmp_path: Path) -> None:
    environment = wheels.install(tmp_path, engine="[vis]", mmalpha="", mmbeta="")

    done = environment.run("engine", "train", CONFIG, "--work-dir", "out", *SHORT)

    assert done.returncode == 0, done.stderr
    assert list(environment.folder.glob("out/**/*.pth"))
