"""A run whose processes are killed, and which torchrun starts again each time."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

SCRIPT = Path(__file__).with_name("elastic_run.py")


@pytest.mark.slow
def test_a_run_killed_20_times_ends_as_one_that_was_not(tmp_path: Path) -> None:
    seed = secrets.token_hex(4)
    whole = _train(tmp_path / "whole", seed, kills=0)
    killed = _train(tmp_path / "killed", seed, kills=20)
    assert killed["meta"]["iter"] == whole["meta"]["iter"] == 420
    for key in ("state_dict", "optimizer", "param_schedulers"):
        torch.testing.assert_close(
            killed[key], whole[key], rtol=0, atol=0, msg=lambda text: f"{seed}: {text}"
        )
    for one, other in zip(killed["processes"], whole["processes"], strict=True):
        assert torch.equal(one["random"]["torch"], other["random"]["torch"])


def _train(folder: Path, seed: str, kills: int) -> Any:
    done = subprocess.run(
        [sys.executable, SCRIPT, folder, seed, str(kills)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{seed}: {done.stderr[-5000:]}"
    return torch.load(folder / (folder / "last_checkpoint").read_text(), weights_only=True)
