"""Buffers that are the same in all processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import Config
from engine.hooks import SyncBuffersHook
from engine.runner import Runner


@pytest.mark.slow
def test_buffers_are_averaged_once_before_they_are_used(
    together: Callable[..., None], tmp_path: Path
) -> None:
    together(Path(__file__).with_name("sync_run.py"), 2, str(tmp_path))


def test_a_single_process_has_nothing_to_average(toy_cfg: Callable[..., Config]) -> None:
    runner = Runner.from_cfg(toy_cfg(custom_hooks=[SyncBuffersHook()]))
    runner.train()
    assert runner.epoch == 3
    assert SyncBuffersHook().get_triggered_stages() == ["after_train_epoch", "before_val_epoch"]
