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
    install = ("pip", "install", "--quiet", "--no-deps", "--python", str(python))
    run(*install, *lists)
    own = MMENGINE if with_mmengine else ("--reinstall-package", "engine", str(ENGINE))
    run(*install, *own)
    (package,) = folder.glob("lib/python*/site-packages/mmcv")
    shutil.copy(HERE / "mmcv_ext.py", package / "_ext.py")


def keep(name: str) -> Path:
    """Make an environment in `.venv` for the tests, and return its Python.

    It is brought up to date once in a run of the tests, whose processes wait for each other.
    """
    test_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = ROOT / ".venv" / "clients" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    stamp = folder.with_suffix(".made")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != test_run:
            make(folder)
            stamp.write_text(test_run)
    return folder / "bin" / "python"


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
