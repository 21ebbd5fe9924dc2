"""Two processes train as one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.runner import Runner


@pytest.mark.slow
def test_two_processes_give_the_weights_and_metrics_of_one(
    together: Callable[..., None], tmp_path: Path
) -> None:
    for world_size in (1, 2):
        folder = str(tmp_path / str(world_size))
        together(Path(__file__).with_name("ddp_run.py"), world_size, folder)
    for run in ("whole", "zero", "parts"):
        one, two = (
            torch.load(tmp_path / size / run / "result.pth", weights_only=True) for size in "12"
        )
        assert one.get("right") == two.get("right")
        torch.testing.assert_close(two["weights"], one["weights"], rtol=1e-12, atol=1e-14)


class _Draws(torch.utils.data.Dataset[dict[str, Any]]):
    """Samples that are drawn when they are read."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"inputs": torch.rand(4), "data_samples": torch.tensor(0)}


class _Seen(BaseMetric):
    """Keeps what was drawn."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += data_batch["inputs"].tolist()

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"drawn": results}


def test_the_workers_of_each_process_draw_differently(
    toy_cfg: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = {
        "dataset": {"type": _Draws},
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "batch_size": 2,
        "num_workers": 2,
        "collate_fn": "default_collate",
    }
    runner = Runner.from_cfg(toy_cfg(test_dataloader=loader, test_evaluator={"type": _Seen}))
    drawn = []
    for rank in (0, 1, 0):
        place = (rank, 2)
        monkeypatch.setattr(
            "engine.dataset._resumable_loader.get_dist_info", lambda place=place: place
        )
        drawn.append([tuple(row) for row in runner.test()["drawn"]])  # type: ignore[attr-defined]  # a list
    first, second, again = drawn
    assert first == again
    assert len({*first, *second}) == 8
