"""Configs, models and parts of libraries are those that they are on MMEngine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from compare import KINDS, compare, read_facts, read_record
from environment import keep

from engine.compat import check

pytestmark = pytest.mark.slow

MODELS = 20  # of each library; `compare.py` compares all


@pytest.fixture(scope="module")
def client() -> Path:
    """Return the Python of an environment where `mmengine` means engine."""
    python = keep("facts")
    subprocess.run([python, "-m", "engine", "compat", "enable"], check=True, capture_output=True)
    return python


@pytest.mark.parametrize("library", ["mmdet", "mmpretrain", "mmseg"])
def test_a_library_is_as_on_mmengine(
    library: str, client: Path, record_property: Callable[[str, object], None]
) -> None:
    record, facts = read_record(library), read_facts(client, library, MODELS)
    for kind in KINDS:
        line, differences = compare(kind, library, record[kind], facts[kind])
        record_property("compared", line)
        assert not differences, line
    assert len(facts["models"]) == MODELS


@pytest.mark.parametrize("library", ["mmdet", "mmpretrain", "mmseg"])
def test_each_name_that_a_library_uses_is_served(library: str, client: Path) -> None:
    (package,) = client.parent.parent.glob(f"lib/python*/site-packages/{library}")
    assert not [use for use in check(str(package)) if use.status == "absent" and not use.is_guarded]
