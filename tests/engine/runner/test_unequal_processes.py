"""Processes with unequal numbers of batches: an error in training but for streams, and no hang."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.utils.data import IterableDataset

from engine.evaluator import BaseMetric
from engine.model import BaseModel
from engine.runner import Runner


class Net(BaseModel):
    """A weight."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        if mode == "predict":
            return [*inputs]
        return {"loss": self.linear(inputs.float()[:, None]).square().mean()}


class Count(BaseMetric):
    """How many samples there were."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        return {"count": len(results)}


@pytest.mark.slow
def test_unequal_numbers_of_batches(together: Callable[..., None], tmp_path: Path) -> None:
    together(Path(__file__), 2, str(tmp_path))


def main(rank: int, variables: Mapping[str, str], folder: str) -> None:
    """Validate, and then try to train, on an odd number of samples."""
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    loader = {
        "dataset": [{"inputs": torch.tensor(number)} for number in range(39)],  # 20 and 19
        "batch_size": 1,
        "sampler": {"type": "DefaultSampler", "round_up": False},
        "collate_fn": "default_collate",
    }
    for loop in ({"max_epochs": 1}, {"by_epoch": False, "max_iters": 4}):
        runner = Runner(
            model=Net(),
            work_dir=folder,
            train_dataloader=loader,
            train_cfg=loop,
            optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.0}},
            val_dataloader=loader,
            val_cfg={},
            val_evaluator={"type": Count},
            launcher="pytorch",
            strategy={"device": "cpu"},
            log_level="ERROR",
        )
        for _ in range(3):  # each time one process has a batch more, at which none asks the other
            assert runner.val() == {"count": 39}
        with pytest.raises(ValueError, match="the processes have 20, 19 batches of training data"):
            runner.train()
        assert runner.iter == 0
    _train_on_streams(rank, folder)
    distributed.destroy_process_group()


class Numbers(IterableDataset[dict[str, Tensor]]):
    """As many numbers as it has shards."""

    def __init__(self, shards: int) -> None:
        self.shards = range(shards)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return iter([{"inputs": torch.tensor(number)} for number in self.shards])


def _train_on_streams(rank: int, folder: str) -> None:
    """Begin anew when a process has no batch: the one has 20 in a pass, and the other 19."""
    runner = Runner(
        model=Net(),
        work_dir=folder,
        train_dataloader={
            "dataset": {"type": "ShardedStream", "dataset": {"type": Numbers, "shards": 39}},
            "batch_size": 1,
            "collate_fn": "default_collate",
        },
        train_cfg={"by_epoch": False, "max_iters": 45},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.0}},
        launcher="pytorch",
        strategy={"device": "cpu"},
        log_level="ERROR",
    )
    runner.train()
    assert runner.iter == 45
    assert runner.train_loop.state_dict()["pass"] == 2
