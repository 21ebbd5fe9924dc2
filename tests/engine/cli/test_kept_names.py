"""Names that the command line keeps between commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MakeLibrary = Callable[..., Path]
Run = Callable[..., tuple[list[str], bool]]

_PROGRAM = """
import sys
from engine.cli import main
try:
    main(sys.argv[1:])
finally:
    print("torch" in sys.modules)
"""

_REGISTRY = """
from engine.registry import PackageSource, Registry, MODELS as ROOT
MODELS = Registry("model", parent=ROOT, scope="kept_lib", locations=["kept_lib.models"])
MODELS.attach_source("shelf", PackageSource("shelf_lib", lambda: ["Tiny"], dict, "shelf_lib"))
"""
_MODEL = "from .registry import MODELS\nMODELS.register_module(name={!r}, module=dict)\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command; it returns the lines, and whether torch was needed."""

    def run(*words: str, cache: Path = tmp_path / "cache") -> tuple[list[str], bool]:
        paths = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(cache)}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | paths,
            check=True,
        )
        *lines, has_torch = done.stdout.splitlines()
        return lines, has_torch == "True"

    return run


@pytest.mark.slow
def test_names_are_kept_until_a_package_changes(make_library: MakeLibrary, run: Run) -> None:
    make_library("shelf_lib", "", requires="torch")
    folder = make_library("kept_lib", _REGISTRY, scope="kept_lib", models=_MODEL.format("Small"))
    of_library, of_source = ("registry", "list", "kept_lib"), ("registry", "list", "shelf")

    file = folder / "kept_lib" / "models.py"  # in which nothing can be kept
    first = run(*of_library, cache=file)
    assert [line.split()[1] for line in first[0][1:]] == ["kept_lib.Small"]
    assert run(*of_library) == first == (first[0], True)
    assert run(*of_library) == (first[0], False)
    assert run(*of_source)[0][1].split() == ["MODELS", "shelf.Tiny", "shelf_lib", "1.0"]

    file.write_text(_MODEL.format("Large"), encoding="utf-8")
    (folder / "shelf_lib-1.0.dist-info").rename(folder / "shelf_lib-2.0.dist-info")
    metadata = folder / "shelf_lib-2.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text("utf-8").replace("1.0", "2.0"), encoding="utf-8")
    assert run(*of_source)[0][1].split() == ["MODELS", "shelf.Tiny", "shelf_lib", "2.0"]
    lines, has_torch = run(*of_library)
    assert ([line.split()[1] for line in lines[1:]], has_torch) == (["kept_lib.Large"], False)


@pytest.mark.slow
def test_a_file_that_is_not_ours_is_written_anew(run: Run, tmp_path: Path) -> None:
    command = ("registry", "find", "CurvesHook")
    run(*command)
    [file] = (tmp_path / "cache").rglob("names.json")
    kept = file.read_bytes()
    file.write_text("[]", encoding="utf-8")
    run(*command)
    assert file.read_bytes() == kept
