"""Modules, packages and programs."""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from engine import utils
from engine.utils._package import package2module


def test_a_package_is_found_by_either_name() -> None:
    for name in ("yaml", "pyyaml", "PyYAML", "torch", "json", "torch.nn", "scikit-learn"):
        assert utils.is_installed(name), name
    for name in ("no_such_package", "no-such-package", "no_such_package.sub"):
        assert not utils.is_installed(name), name


def test_where_a_package_is() -> None:
    folder = str(Path(torch.__file__).parent)
    assert utils.get_installed_path("torch") == folder
    assert utils.get_installed_path("torch.nn") == str(Path(folder) / "nn")
    assert utils.get_installed_path("pyyaml") in (
        str(Path(yaml.__file__).parent),
        str(Path(yaml.__file__).parent.with_name("_yaml")),
    )
    single = utils.get_installed_path("typing_extensions")
    assert Path(single).name == "typing_extensions.py"
    with pytest.raises(PackageNotFoundError, match="'no-such-package' is not installed"):
        utils.get_installed_path("no-such-package")


def test_modules_by_name() -> None:
    assert utils.import_modules_from_strings("math") is math
    assert utils.import_modules_from_strings(["math", "os.path"]) == [math, __import__("os").path]
    assert utils.import_modules_from_strings(None) is None
    assert utils.import_modules_from_strings([]) is None
    with pytest.raises(ImportError, match="no_such_module"):
        utils.import_modules_from_strings(["math", "no_such_module"])
    with pytest.warns(UserWarning, match="no_such_module can't be imported: No module named"):
        found = utils.import_modules_from_strings(["math", "no_such_module"], True)
    assert found == [math, None]
    wrong: Any = ["math", 1]
    with pytest.raises(TypeError, match="the name of a module is a string; got 1"):
        utils.import_modules_from_strings(wrong)


def test_an_object_by_its_path() -> None:
    assert utils.get_object_from_string("torch.optim.SGD") is torch.optim.SGD
    assert utils.get_object_from_string("torch.nn.Conv2d.forward") is torch.nn.Conv2d.forward
    assert utils.get_object_from_string("math") is math
    assert utils.get_object_from_string("math.nothing") is None
    assert utils.get_object_from_string("no_such_module.thing") is None
    assert utils.get_object_from_string("os.no_such_module.thing") is None
    with pytest.raises(TypeError):
        utils.get_object_from_string(3)  # type: ignore[arg-type]  # the mistake


def test_a_path_whose_module_lacks_another_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacks_another.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        utils.get_object_from_string("lacks_another.thing")


def test_the_module_of_a_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert package2module("PyYAML") in ("yaml", "_yaml")
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        package2module("no-such-package")
    facts = tmp_path / "empty-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: empty\nVersion: 1.0\n")
    (facts / "RECORD").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="'empty' is installed, and has no module to import"):
        package2module("empty")
    assert utils.is_installed("empty")
    with pytest.raises(PackageNotFoundError, match="'empty' is not installed"):
        utils.get_installed_path("empty")


def test_a_function_that_needs_something() -> None:
    @utils.requires_package(["yaml", "no_such_package"])
    def read() -> str:
        """Reads."""
        return "read"

    @utils.requires_executable("no-such-program")
    def draw() -> None: ...

    @utils.requires_package("yaml")
    @utils.requires_executable("sh")
    def run(a: int, *, b: int) -> int:
        return a + b

    with pytest.raises(RuntimeError, match='"no_such_package" are required in method "read" but'):
        read()
    assert read.__doc__ == "Reads."
    with pytest.raises(RuntimeError, match='"no-such-program" are required in method "draw"'):
        draw()
    assert run(1, b=2) == 3
    odd = utils.check_prerequisites("3", lambda name: int(name) % 2 == 0, "{} is odd, says {}")
    with pytest.raises(RuntimeError, match="3 is odd, says run"):
        odd(run)(1, b=2)
