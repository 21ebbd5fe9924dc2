"""Two processes train as one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch


@pytest.mark.slow
def test_two_processes_give_the_weights_and_metrics_of_one(
    together: Callable[..., None], tmp_path: Path
) -> None:
    for world_size in (1, 2):
        folder = str(tmp_path / str(world_size))
        together(Path(__file__).with_name("ddp_run.py"), world_size, folder)
    for run in ("whole", "zero", "parts", "static"):
        one, two = (
            torch.load(tmp_path / size / run / "result.pth", weights_only=True) for size in "12"
        )
        assert one.get("right") == two.get("right")
        torch.testing.assert_close(two["weights"], one["weights"], rtol=1e-12, atol=1e-14)
