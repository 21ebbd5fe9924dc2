"""`engine compat enable`, `disable` and `run`, in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

import engine
from engine import compat

PROGRAM = """
import mmengine, sys
from importlib.metadata import version
from mmengine.hooks import Hook
print(mmengine.__version__, version("mmengine"), Hook.__module__, *sys.argv[1:])
"""
VERSION = f"0.10.7+engine.{engine.__version__}"
WORKS = f"0.10.7 {VERSION} engine.hooks._hook"


class Environment:
    """A virtual environment that sees the packages of this one."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site_packages = folder / "lib" / version / "site-packages"
        link = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
        (self.site_packages / "workspace.pth").write_text(link)

    def run(self, *words: str, status: int = 0) -> str:
        """Run a Python program in it, and return what it prints."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [self.python, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        return done.stderr if status else done.stdout

    def compat(self, *words: str, status: int = 0) -> str:
        """Run `engine compat` in it."""
        return self.run("-m", "engine", "compat", *words, status=status)

    def files(self) -> set[str]:
        """Return the files of it but compiled ones."""
        every = (path.relative_to(self.site_packages) for path in self.site_packages.rglob("*"))
        return {str(path) for path in every if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the packages of this one."""
    return Environment(tmp_path_factory.mktemp("environment"))


def test_the_version_is_that_of_this_engine() -> None:
    metadata = Path(compat.__file__).parent / "alias" / "mmengine.dist-info" / "METADATA"
    assert f"\nVersion: {VERSION}\n" in metadata.read_text()


def test_it_holds_in_each_process_until_it_is_disabled(environment: Environment) -> None:
    before = environment.files()
    assert VERSION in environment.compat("enable")
    package = environment.site_packages / "mmengine" / "__init__.py"
    written = package.stat().st_ino
    environment.compat("enable")  # again, while other processes may use it
    assert package.stat().st_ino == written
    package.write_bytes(b"# engine's, of a former version" + package.read_bytes())
    environment.compat("enable")  # after an update
    assert environment.run("-c", PROGRAM).strip() == WORKS
    recorded = distribution_files(environment)
    assert recorded == environment.files() - before - {"mmengine", f"mmengine-{VERSION}.dist-info"}
    assert "no more" in environment.compat("disable")
    assert environment.files() == before
    assert "not enabled" in environment.compat("disable")
    assert "No module named 'mmengine'" in environment.run("-c", PROGRAM, status=1)


def distribution_files(environment: Environment) -> set[str]:
    """Return what an installer would remove."""
    program = "from importlib.metadata import files; print(*files('mmengine'), sep='\\n')"
    return set(environment.run("-c", program).split())


def test_it_refuses_where_mmengine_itself_is_installed(environment: Environment) -> None:
    info = environment.site_packages / "mmengine_lite-0.10.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mmengine-lite\nVersion: 0.10.7\n")
    try:
        message = environment.compat("enable", status=2)
    finally:
        (info / "METADATA").unlink()
        info.rmdir()
    assert "mmengine-lite 0.10.7 is installed. Remove it first (pip uninstall mmengine-l" in message
    package = environment.site_packages / "mmengine"
    package.mkdir()
    (package / "__init__.py").touch()
    try:
        message = environment.compat("enable", status=2)
        assert "not enabled" in environment.compat("disable")
        assert package.is_dir()
    finally:
        (package / "__init__.py").unlink()
        package.rmdir()
    assert f"there is a package mmengine at {package / '__init__.py'}" in message


def test_one_script_and_its_processes(environment: Environment, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"{PROGRAM}\n"
        "import subprocess\n"
        "if sys.argv[1:] == ['--cfg-options', 'a=1', 'b=2']:\n"
        "    sys.stdout.flush()\n"
        "    subprocess.run([sys.executable, __file__, 'child'], check=True)\n"
    )
    before = environment.files()
    shown = environment.compat("run", str(script), "--cfg-options", "a=1", "b=2").splitlines()
    assert shown == [f"{WORKS} --cfg-options a=1 b=2", f"{WORKS} child"]
    assert environment.files() == before
    assert environment.compat("run", "-m", "json.tool", "--help").startswith("usage: ")
    script.write_text("raise SystemExit(3)")
    environment.compat("run", str(script), status=3)


def test_this_environment_has_no_alias() -> None:
    with pytest.raises(ModuleNotFoundError):
        distribution("mmengine")
