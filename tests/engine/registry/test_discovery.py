"""What is imported when a library is asked for a name, and what is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def _modules(code: str) -> set[str]:
    """Return the modules that are loaded after some code in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_a_name_imports_the_registries_and_the_locations_asked() -> None:
    loaded = _modules("from engine.registry import MODELS; MODELS.get('mmalpha.ResNet')")
    assert {"mmalpha.registry", "mmalpha.models"} <= loaded
    assert not {name for name in loaded if name.startswith(("mmbeta", "sklearn", "mmalpha.data"))}


def test_registries_of_a_library_load_nothing_heavy() -> None:
    loaded = _modules("import mmalpha.registry, mmbeta.registry")
    assert not {"torch", "numpy", "torchvision", "sklearn"} & loaded


def test_entry_points_are_scanned_when_a_scope_is_unknown_and_not_before() -> None:
    code = """
import importlib.metadata as metadata
from unittest.mock import patch
with patch.object(metadata, 'entry_points', wraps=metadata.entry_points) as scan:
    from engine.registry import MODELS, Registry
    registry = Registry('thing', scope='top')
    registry.register_module('x', module=dict)
    registry.build(dict(type='x'))
    assert scan.call_count == 0
    for _ in range(3):
        'mmalpha.Nothing' in registry, 'mmgamma.Nothing' in registry
    assert scan.call_count == 1
"""
    assert "mmalpha.registry" in _modules(code)


def test_a_library_without_entry_point_is_found_by_its_name(tmp_path: Path) -> None:
    package = tmp_path / "quiet_lib"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "registry.py").write_text(
        "from engine.registry import MODELS\n"
        "MODELS = MODELS.child('quiet_lib')\n"
        "MODELS.register_module('seven', module=lambda: 7)\n"
    )
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from engine.registry import MODELS
assert MODELS.build(dict(type='quiet_lib.seven')) == 7
"""
    assert "quiet_lib.registry" in _modules(code)
