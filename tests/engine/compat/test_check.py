"""Which names of MMEngine a library uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main
from engine.compat import Use, check

SOURCE = """
import mmengine
import mmengine.fileio as fileio
from mmengine.config import Config
from mmengine.hooks import NPUProfilerHook
from mmengine.model import *
from mmengine.runner import checkpoint
from .mmengine import nothing
try:
    from mmengine.hook import Hook
except ImportError:
    Hook = object
fileio.dump({}, mmengine.logging.MMLogger.get_current_instance().name)
checkpoint.load_from_local("a.pth", None)
checkpoint.load_from_pavi("a.pth")
other.mmengine.dump
"""


def find(folder: Path, text: str) -> list[Use]:
    file = folder / "uses.py"
    file.write_text(text)
    return check(str(file))


def test_each_use_is_found_with_its_line(tmp_path: Path) -> None:
    found = find(tmp_path, SOURCE)
    assert {(use.line, use.name, use.status) for use in found} == {
        (2, "mmengine", "served"),
        (3, "mmengine.fileio", "served"),
        (4, "mmengine.config.Config", "served"),
        (5, "mmengine.hooks.NPUProfilerHook", "absent"),
        (6, "mmengine.model", "served"),
        (7, "mmengine.runner.checkpoint", "served elsewhere"),
        (10, "mmengine.hook.Hook", "absent"),
        (13, "mmengine.fileio.dump", "served"),
        (13, "mmengine.logging.MMLogger", "served"),
        (14, "mmengine.runner.checkpoint.load_from_local", "served elsewhere"),
        (15, "mmengine.runner.checkpoint.load_from_pavi", "absent"),
    }
    by_name = {use.name: use for use in found}
    assert by_name["mmengine.config.Config"].place == "engine.config:Config"
    assert by_name["mmengine.hook.Hook"].is_guarded
    assert not by_name["mmengine.hooks.NPUProfilerHook"].is_guarded
    assert "ProfilerHook takes" in by_name["mmengine.hooks.NPUProfilerHook"].reason


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("from mmengine import Config", 0),
        ("from mmengine.fileio import PetrelBackend", 1),
        ("try:\n    from mmengine.fileio import PetrelBackend\nexcept Exception:\n    pass", 0),
        ("try:\n    pass\nexcept ImportError:\n    from mmengine.fileio import PetrelBackend", 1),
        ("escape = '\\d'\nfrom mmengine import Config", 0),
        ("", 0),
    ],
)
def test_the_command_fails_for_what_a_library_needs(
    tmp_path: Path, text: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "uses.py").write_text(text)
    with pytest.raises(SystemExit) as caught:
        main(["compat", "check", str(tmp_path), "--json"])
    assert caught.value.code == status
    names = [use["name"] for use in json.loads(capsys.readouterr().out)]
    assert len(names) == (1 if text else 0)
    with pytest.raises(SystemExit) as caught:
        main(["compat", "check", str(tmp_path)])
    assert caught.value.code == status
    assert all(name in capsys.readouterr().out for name in names)


def test_a_library_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "uses_mmengine"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError\nfrom mmengine import Registry\n")
    monkeypatch.syspath_prepend(tmp_path)
    (use,) = check("uses_mmengine")
    assert (use.name, use.file, use.line) == (
        "mmengine.Registry",
        str(Path("uses_mmengine", "__init__.py")),
        2,
    )


def test_what_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no installed package, folder or file 'no_such'"):
        check("no_such")
    with pytest.raises(ValueError, match=r"uses\.py is not Python"):
        find(tmp_path, "def")
