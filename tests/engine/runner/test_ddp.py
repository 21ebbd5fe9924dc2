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
    results = []
    for world_size in (1, 2):
        folder = tmp_path / str(world_size)
        together(Path(__file__).with_name("ddp_run.py"), world_size, str(folder))
        results.append(torch.load(folder / "whole" / "result.pth", weights_only=True))
    one, two = results
    assert one["right"] == two["right"]
    assert one["weights"].keys() == two["weights"].keys()
    for name, weight in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weight, rtol=1e-12, atol=1e-14)
