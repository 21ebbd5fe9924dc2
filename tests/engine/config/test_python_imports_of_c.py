"""Imports that C code makes while a config runs, which are none of its statements."""

from __future__ import annotations

from pathlib import Path

from engine.config import Config


def test_an_import_of_c_code_takes_no_name_from_the_config(tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text(
        "import ctypes\n"
        "run = ctypes.pythonapi.PyImport_Import\n"
        "run.restype = ctypes.py_object\n"
        "run(ctypes.py_object('json'))\n"
        "model = dict(depth=18)\n"
        "del run\n"
    )
    assert Config.fromfile(config).model == {"depth": 18}
