"""Places in source files, as messages tell them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.utils import shorten_path


def test_a_path_is_relative_to_the_nearest_folder_of_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", ["", "/lib", "/lib/site-packages/", Path("/work")])
    assert shorten_path("/lib/site-packages/pack/x.py:3") == "pack/x.py:3"
    assert shorten_path("/lib/json/__init__.py") == "json/__init__.py"
    assert shorten_path("/work/x.py") == "x.py"
    for elsewhere in ("/library/x.py", "/home/x.py", "x.py", "/lib"):
        assert shorten_path(elsewhere) == elsewhere
