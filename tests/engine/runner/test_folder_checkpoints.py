"""Checkpoints that are folders: exact resumes, also with other numbers of processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow
def test_shards_of_one_number_of_processes_are_those_of_another(
    together: Callable[..., None], tmp_path: Path
) -> None:
    script = Path(__file__).with_name("folder_run.py")
    for size, had in ((1, ""), (2, "1"), (1, "2"), (4, "2")):
        together(script, size, str(tmp_path), had)
