"""Strangers' configs and checkpoints run no code: each attempt under an audit hook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONTROLS = 2


@pytest.mark.slow
def test_no_attempt_runs_writes_or_connects() -> None:
    script = Path(__file__).with_name("audit") / "watch.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    controls, results = lines[:CONTROLS], lines[CONTROLS:]

    assert done.returncode == 0, done.stderr[-2000:]
    for each in controls:  # what the watch must see
        assert each["events"], each
    assert len(results) >= 300
    for each in results:
        assert not each["events"], each
        assert each["code"] in (1, 2), each
        assert "Traceback" not in each["told"], each
        assert each["where"] in each["told"], each
