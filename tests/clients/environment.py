"""Make an environment with libraries written for MMEngine, on engine or on MMEngine itself.

    python tests/clients/environment.py FOLDER [--mmengine]

It is made by uv from `uv.lock` and the list beside this file. Other versions of Python packages
that these libraries name would fit as well; none of them is resolved (`--no-deps`).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ENGINE = ROOT / "packages" / "engine"
# MMEngine imports pkg_resources, which newer versions of setuptools don't have.
MMENGINE = ("mmengine==0.10.7", "setuptools==75.8.0")


def main() -> None:
    """Make the environment that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mmengine", action="store_true", help="with MMEngine in engine's place")
    args = parser.parse_args()
    make(args.folder, with_mmengine=args.mmengine)
    print(f"{args.folder}/bin/python")


def make(folder: Path, *, with_mmengine: bool = False) -> None:
    """Make an environment, or bring one up to date.

    Args:
        folder: Its folder.
        with_mmengine: Whether it has MMEngine; otherwise engine, and `engine compat enable` is left
            to the caller.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        run("venv", "--quiet", str(folder))
    locked = run("export", "--frozen", "--no-dev", "--no-hashes", "--no-emit-workspace", *EXPORT)
    (folder / "locked.txt").write_text(locked)
    lists = ["-r", str(folder / "locked.txt"), "-r", str(HERE / "requirements.txt")]
    # The settings of the workspace allow no build of what is not its own.
    install = ("pip", "install", "--no-config", "--quiet", "--no-deps", "--python", str(python))
    run(*install, *lists)
    own = MMENGINE if with_mmengine else ("--reinstall-package", "engine", str(ENGINE))
    run(*install, *own)
    (package,) = folder.glob("lib/python*/site-packages/mmcv")
    shutil.copy(HERE / "mmcv_ext.py", package / "_ext.py")


def prepare(folder: Path, made_for: str = "anything", *, enable: bool = True) -> Path:
    """Return the Python of an environment, after making it if it is not there and whole.

    Processes wait for each other. One that is named `mmengine` has MMEngine itself.

    Args:
        folder: Its folder.
        made_for: What it is for; one that was made for something else is brought up to date.
        enable: Whether engine takes MMEngine's place in it.
    """
    with_mmengine = folder.name == "mmengine"
    python, stamp = folder / "bin" / "python", folder.with_suffix(".made")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (python.exists() and stamp.exists() and stamp.read_text() == made_for):
            make(folder, with_mmengine=with_mmengine)
            if enable and not with_mmengine:
                subprocess.run([python, "-m", "engine", "compat", "enable"], check=True)
            stamp.write_text(made_for)
    return python


def keep(name: str) -> Path:
    """Make an environment in `.venv` for the tests, and return its Python.

    It is brought up to date once in a run of the tests.
    """
    test_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    return prepare(ROOT / ".venv" / "clients" / name, test_run, enable=False)


EXPORT = ("--package", "engine", "--extra", "vis", "--extra", "torchvision")


def run(*words: str) -> str:
    """Run uv in the workspace, and return what it prints."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.run(
        [uv, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    main()
