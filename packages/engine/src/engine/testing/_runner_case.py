"""Test case with a small run."""

from __future__ import annotations

import os
import socket
import tempfile
import unittest
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, distributed, nn
from torch.utils.data import Dataset

from engine.config import Config
from engine.dist import is_distributed
from engine.evaluator import BaseMetric
from engine.logging import MessageHub, MMLogger, get_logger
from engine.model import BaseModel
from engine.registry import DefaultScope
from engine.runner import Runner
from engine.visualization import Visualizer

_POINTS = 12


class ToyModel(BaseModel):
    """A linear regression."""

    def __init__(self, data_preprocessor: Any = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.linear = nn.Linear(2, 1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return outputs of shape (N, 1), losses or predictions.

        Args:
            inputs: Points of shape (N, 2).
            data_samples: What is right, of shape (N, 1).
            mode: `'tensor'`, `'loss'` or `'predict'`.
        """
        outputs = self.linear(inputs)
        if mode == "loss":
            return {"loss": nn.functional.mse_loss(outputs, data_samples)}
        if mode == "predict":
            pairs = zip(outputs, data_samples, strict=True)
            return [{"error": (output - truth).abs().item()} for output, truth in pairs]
        return outputs


class ToyDataset(Dataset[dict[str, Tensor]]):
    """Points of a plane, and their heights."""

    metainfo: Mapping[str, Any] = {}

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(_POINTS, 2, generator=generator)
        self.heights = self.points.sum(1, keepdim=True)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"inputs": self.points[index], "data_samples": self.heights[index]}


class ToyMetric(BaseMetric):
    """The mean absolute error, as `error`."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Take the errors of a batch.

        Args:
            data_batch: The batch.
            data_samples: The predictions.
        """
        self.results += [sample["error"] for sample in data_samples]

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """Return the mean error."""
        return {"error": sum(results) / len(results)}


class RunnerTestCase(unittest.TestCase):
    """A test case with a run that takes a fraction of a second.

    `epoch_based_cfg` and `iter_based_cfg` are configs of a linear regression with data and a
    metric, for a test to change. What a run sets for the whole process (default scope, message
    hubs, handlers of the logger, environment variables) is put back after each test.
    """

    def setUp(self) -> None:
        """Make a folder for the runs of a test, and the configs."""
        self.temp_dir: Path = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict(os.environ))
        scope: dict[str, Any] = {"_instances": {}, "newest": None, "process_scope": None}
        self.enterContext(patch.multiple(DefaultScope, **scope))
        for kind in (MessageHub, MMLogger, Visualizer):
            self.enterContext(patch.object(kind, "_instances", {}))
        logger = get_logger()
        self._logging = logger.level, [*logger.handlers]
        self.addCleanup(self._restore_logging)
        self.epoch_based_cfg: Config = Config(
            _config(self.temp_dir, {"by_epoch": True, "max_epochs": 2})
        )
        self.iter_based_cfg: Config = Config(
            _config(self.temp_dir, {"by_epoch": False, "max_iters": 8})
        )

    def tearDown(self) -> None:
        """Leave the other processes, if a run of the test has joined any."""
        if is_distributed():
            distributed.destroy_process_group()

    def build_runner(self, cfg: Config) -> Runner:
        """Build a runner, which has a name of its own.

        Args:
            cfg: The config of the run.
        """
        return Runner.from_cfg(Config({**cfg, "experiment_name": self.experiment_name}))

    @property
    def experiment_name(self) -> str:
        """A new name each time."""
        return f"{self.id().rpartition('.')[2]}_{uuid.uuid4().hex[:8]}"

    def setup_dist_env(self) -> None:
        """Set the variables that torchrun sets, for a single process."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        os.environ.update(
            RANK="0",
            WORLD_SIZE="1",
            LOCAL_RANK="0",
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT=str(port),
        )

    def clear_work_dir(self) -> None:
        """Remove what the runs of the test have written."""
        rmtree(self.temp_dir)
        self.temp_dir.mkdir()

    def _restore_logging(self) -> None:
        logger = get_logger()
        level, handlers = self._logging
        logger.setLevel(level)
        for handler in {*logger.handlers} - {*handlers}:
            logger.removeHandler(handler)
            handler.close()


def _config(folder: Path, train_cfg: Mapping[str, Any]) -> dict[str, Any]:
    def loader(shuffle: bool) -> dict[str, Any]:
        return {
            "batch_size": 3,
            "dataset": {"type": ToyDataset},
            "sampler": {"type": "DefaultSampler", "shuffle": shuffle},
            "collate_fn": "default_collate",
        }

    return {
        "model": {"type": ToyModel},
        "work_dir": str(folder / "run"),
        "train_dataloader": loader(shuffle=True),
        "train_cfg": {**train_cfg, "val_interval": 1 if train_cfg["by_epoch"] else 4},
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
        "val_dataloader": loader(shuffle=False),
        "val_cfg": {},
        "val_evaluator": {"type": ToyMetric},
        "test_dataloader": loader(shuffle=False),
        "test_cfg": {},
        "test_evaluator": {"type": ToyMetric},
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 1 if train_cfg["by_epoch"] else 4,
                "by_epoch": train_cfg["by_epoch"],
            }
        },
        "randomness": {"seed": 0},
        "log_level": "WARNING",
    }
