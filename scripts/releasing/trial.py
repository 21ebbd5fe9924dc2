"""Built files in empty environments, with the lowest and the newest of what they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .programs import ReleaseError, run, uv
from .workspace import Library

RESOLUTIONS = ("lowest-direct", "highest")
LOCK = Path(__file__).resolve().parents[1] / "lock"
IMPORT_ALL = Path(__file__).with_name("import_all.py")
SMALL_RUN = "tests/integration/small_run.py"
CONFIGS = ("mmalpha::resnet18_digits.py", "mmbeta::fcn_r18_digits.py")
USED = "import sys, torch; print('Python', sys.version.split()[0], 'and torch', torch.__version__)"
SHORT = ("--cfg-options", "train_cfg.max_epochs=1")


class Target(NamedTuple):
    """A Python, and one of `RESOLUTIONS`, the versions that are installed for it."""

    python: str
    resolution: str


class Wheel(NamedTuple):
    """A wheel, and the library that it was built from."""

    library: Library
    path: Path


def check_python(version: str) -> None:
    """Check that uv finds a Python of this version."""
    command = (uv(), "python", "find", "--no-python-downloads", version)
    try:
        run(*command, folder=Path.cwd())
    except ReleaseError:
        raise ReleaseError(
            f"uv finds no Python {version}; install it, or choose others with --python"
        ) from None


def try_out(
    wheels: Sequence[Wheel], others: Sequence[Wheel], target: Target, root: Path, folder: Path
) -> str:
    """Install wheels into an empty environment, import what is public, and train.

    Args:
        wheels: The one that is released, and those of libraries that it requires.
        others: Those of the other libraries, which come after it has run without them.
        target: The Python, and which versions of other packages.
        root: The work tree, for its examples.
        folder: An empty folder.

    Returns:
        What it ran on.

    Raises:
        ReleaseError: Something failed.
    """
    programs = folder / "env" / "bin"
    run(uv(), "venv", "--python", target.python, programs.parent, folder=folder)
    _install(wheels, target, folder)
    library = wheels[0].library
    run(programs / "engine", "--version", folder=folder)
    run(programs / "python", IMPORT_ALL, library.name, folder=folder)
    if len(wheels) == 1:
        run(programs / "python", root / SMALL_RUN, folder=folder)
    _install([*wheels, *others], target, folder, extra="vis")  # which the configs use
    for config in CONFIGS:
        run(programs / "engine", "train", config, *SHORT, folder=folder)
    return run(programs / "python", "-c", USED, folder=folder).strip()


def _install(wheels: Sequence[Wheel], target: Target, folder: Path, extra: str = "") -> None:
    ours = {wheel.library.name for wheel in wheels}
    required = (needed for wheel in wheels for needed in wheel.library.requirements(extra))
    # Resolved as `lowest-direct`, they are taken in the lowest version only if they are named here.
    direct = {str(requirement) for requirement in required if requirement.name not in ours}
    options = ("--python", str(folder / "env"), "--no-build", "--resolution", target.resolution)
    files = (wheel.path for wheel in wheels)
    age = os.environ.get("UV_EXCLUDE_NEWER") or run(
        sys.executable, LOCK, "--show-cool-down", folder=folder
    )
    install = (uv(), "pip", "install", *options)
    run(*install, *files, *sorted(direct), folder=folder, UV_EXCLUDE_NEWER=age.strip())
