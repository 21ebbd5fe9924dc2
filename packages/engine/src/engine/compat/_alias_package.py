"""The package `mmengine` that stands for engine in an environment."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from email.parser import Parser
from importlib.machinery import PathFinder
from importlib.metadata import distributions
from pathlib import Path
from typing import NoReturn

from engine._lazy import public

_NAME = "mmengine"
_DISTRIBUTIONS = ("mmengine", "mmengine-lite")
_ALIAS = Path(__file__).parent / "alias"  # on the path of Python, it makes `import mmengine` work
_MARK = "+engine."  # in the version of the package
_INFO = ("METADATA", "INSTALLER", "RECORD")


@public
class CompatError(RuntimeError):
    """What keeps `import mmengine` from meaning engine in an environment."""


def enable() -> str:
    """Make `import mmengine` mean engine in every process of the environment.

    Returns:
        The version of MMEngine that installers see.

    Raises:
        CompatError: If MMEngine itself is there, or the environment can't be written.
    """
    _refuse_real_package()
    folder, version = _site_packages(), _read_version()
    info = folder / f"{_NAME}-{version}.dist-info"
    if _is_enabled(folder, info):  # other processes may be using it
        return version
    disable()
    files = [f"{_NAME}/__init__.py", *(f"{info.name}/{file}" for file in _INFO)]
    try:
        info.mkdir()
        shutil.copy(_ALIAS / f"{_NAME}.dist-info" / "METADATA", info)
        (info / "INSTALLER").write_text("engine\n", encoding="utf-8")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files), encoding="utf-8")
        shutil.copytree(_ALIAS / _NAME, folder / _NAME, ignore=shutil.ignore_patterns("*.pyc"))
    except OSError as error:
        raise CompatError(f"{folder} can't be written: {error}") from error
    return version


def _is_enabled(folder: Path, info: Path) -> bool:
    """Return whether all that `enable` writes is there."""
    written = {
        folder / _NAME / "__init__.py": _ALIAS / _NAME / "__init__.py",
        info / "METADATA": _ALIAS / f"{_NAME}.dist-info" / "METADATA",
    }
    return all((info / file).is_file() for file in _INFO) and all(
        file.is_file() and file.read_bytes() == source.read_bytes()
        for file, source in written.items()
    )


def disable() -> bool:
    """Take back what `enable` did.

    Returns:
        Whether there was something to take back.

    Raises:
        CompatError: If the environment can't be written.
    """
    folder = _site_packages()
    found = [*folder.glob(f"{_NAME}-*{_MARK}*.dist-info")]
    if _is_ours(folder / _NAME / "__init__.py"):
        found.insert(0, folder / _NAME)
    try:
        for each in found:
            shutil.rmtree(each)
    except OSError as error:
        raise CompatError(f"{folder} can't be written: {error}") from error
    return bool(found)


def run(words: Sequence[str]) -> NoReturn:
    """Go on as a Python program for which, and for whose processes, `mmengine` means engine.

    Args:
        words: What follows `python` on a command line: a script and its arguments, or `-m` and a
            module.
    """
    paths = [str(_ALIAS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    os.execve(sys.executable, [sys.executable, *words], environment)


def _refuse_real_package() -> None:
    for found in distributions():
        name = (found.name or "").lower()
        if name in _DISTRIBUTIONS and _MARK not in found.version:
            raise CompatError(
                f"{found.name} {found.version} is installed. Remove it first (pip uninstall "
                f"{found.name}), or run single scripts by `engine compat run SCRIPT`"
            )
    spec = PathFinder.find_spec(_NAME)
    if spec is not None and not (spec.origin and _is_ours(Path(spec.origin))):
        place = spec.origin or ", ".join(spec.submodule_search_locations or ())
        raise CompatError(
            f"there is a package {_NAME} at {place}. Take it off the path of Python first, or run "
            "single scripts by `engine compat run SCRIPT`"
        )


def _is_ours(file: Path) -> bool:
    return file.is_file() and "engine.compat" in file.read_text(encoding="utf-8")


def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def _read_version() -> str:
    text = (_ALIAS / f"{_NAME}.dist-info" / "METADATA").read_text(encoding="utf-8")
    return str(Parser().parsestr(text)["Version"])
