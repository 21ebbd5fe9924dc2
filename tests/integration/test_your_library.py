"""A library of a user's own, which is installed beside the siblings and takes parts of both."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Probe = Callable[[str], str]

BUILDS = """
from engine.config import Config
from engine.registry import DATASETS, MODELS, announced_scopes
print(announced_scopes()["mmgamma"])
cfg = Config.fromfile("mmgamma::counter_digits.py")
model = MODELS.build(dict(cfg.model, type="mmgamma.Counter"))
print(type(model.backbone).__module__, type(model.density_head).__module__)
print(len(DATASETS.build(dict(cfg.val_dataloader.dataset, type="mmgamma.Counted"))))
"""

LOOKS_UP = """
from engine.registry import MODELS, NotRegisteredError
try:
    MODELS.get("mmgamma.Counter")
except NotRegisteredError as error:
    print(f"{type(error).__name__}: {error}")
print(MODELS.get("mmbeta.FCNHead").__name__)
"""

TOO_NEW = "Requires-Dist: mmalpha>=99"


@pytest.fixture(scope="module")
def site(workspace: Path, uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library as an installer leaves it."""
    folder = tmp_path_factory.mktemp("site")
    library = workspace / "tests" / "integration" / "mmgamma"
    options = ("--quiet", "--no-deps", "--python", sys.executable, "--target", str(folder))
    done = subprocess.run(
        [uv, "pip", "install", *options, str(library)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def _beside(site: Path, code: str) -> str:
    """Return a program that finds the library in a folder."""
    return f"import sys\nsys.path.insert(0, {str(site)!r})\n{code}"


def test_its_parts_and_those_of_both_siblings_are_built_by_name(
    probe_with_torch: Probe, site: Path
) -> None:
    printed = probe_with_torch(_beside(site, BUILDS))
    assert printed.splitlines() == [
        "mmgamma.registry",
        "mmalpha.models.backbones.resnet mmbeta.models.heads.fcn_head",
        "300",
    ]


def _changed(site: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """Return a folder with the same library, except for a text in one of its files."""
    shutil.copytree(site, folder, dirs_exist_ok=True)
    (changed,) = folder.glob(file)
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_sibling_that_is_too_old_is_told(
    probe_with_torch: Probe, site: Path, tmp_path: Path
) -> None:
    metadata = "mmgamma-*.dist-info/METADATA"
    demanding = _changed(site, tmp_path, metadata, "Requires-Dist: mmalpha<0.4,>=0.3", TOO_NEW)
    printed = probe_with_torch(_beside(demanding, LOOKS_UP))
    assert re.fullmatch(
        r"ScopeImportError: mmgamma 0\.1\.0 needs mmalpha>=99, but mmalpha [\d.]+ is installed\. "
        r"Install what fits: pip install mmgamma 'mmalpha>=99'\nFCNHead\n",
        printed,
    ), printed


@pytest.mark.parametrize("module", ["registry", "models"])
def test_a_library_that_fails_to_import_leaves_the_others_alone(
    probe_with_torch: Probe, site: Path, tmp_path: Path, module: str
) -> None:
    file = f"mmgamma/{module}.py"
    broken = _changed(site, tmp_path, file, "from engine", "import no_such\nfrom engine")
    error, other = probe_with_torch(_beside(broken, LOOKS_UP)).splitlines()
    assert error.startswith("ScopeImportError: ")
    assert f"import of mmgamma.{module}" in error
    assert "ModuleNotFoundError: No module named 'no_such'" in error
    assert other == "FCNHead"
