"""A training in two processes that torchrun's agent watches: `elastic_run.py FOLDER SEED KILLS`.

In each of the first KILLS starts one process is killed at a random moment.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import warnings
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from engine.dist import get_rank, get_restart_count
from engine.hooks import Hook
from engine.model import BaseModel
from engine.runner import Runner

SIZE = 2


class Net(BaseModel):
    """A network that draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3))

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.net(inputs)
        return {"loss": nn.functional.cross_entropy(out, data_samples)} if mode == "loss" else out


class KilledAtRandom(Hook):
    """Kills one process of each of the first starts, chosen at random as is the moment."""

    def __init__(self, seed: str, kills: int) -> None:
        start = get_restart_count()
        self.random = random.Random(f"{seed} {start}")
        is_doomed = start < kills and get_rank() == self.random.randrange(SIZE)
        self.left = self.random.randrange(15) if is_doomed else -1  # iterations until then
        if is_doomed and self.random.random() < 0.2:
            self.kill_within(0.2)  # before the training begins

    def kill_within(self, seconds: float) -> None:
        """Kill this process at a moment of the next seconds."""
        wait = self.random.uniform(0, seconds)
        timer = threading.Timer(wait, os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        if self.left == 0:
            self.kill_within(0.03)
        self.left -= 1


def train(folder: str, seed: str, kills: int) -> int:
    """Train, and return how often the launcher started the run again."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    points = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    Runner(
        model={"type": Net},
        work_dir=folder,
        train_dataloader={
            "dataset": [{"inputs": each, "data_samples": each[:3].argmax()} for each in points],
            "batch_size": 8,
            "sampler": {"type": "DefaultSampler", "shuffle": True},
            "collate_fn": "default_collate",
        },
        train_cfg={"by_epoch": True, "max_epochs": 60},  # of 7 iterations
        optim_wrapper={"optimizer": {"type": "AdamW", "lr": 0.01}},
        param_scheduler={"type": "CosineAnnealingLR", "by_epoch": False, "T_max": 420},
        default_hooks={
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 3,
                "by_epoch": False,
                "max_keep_ckpts": 2,
                "filename_tmpl": "at_{}.pth",
            }
        },
        custom_hooks=[{"type": KilledAtRandom, "seed": seed, "kills": kills}],
        randomness={"seed": 0, "diff_rank_seed": True},
        launcher="pytorch",
        strategy={"device": "cpu"},
        log_level="ERROR",
    ).train()
    distributed.destroy_process_group()
    return get_restart_count()


if __name__ == "__main__":
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=SIZE,
        run_id=f"kills-{sys.argv[3]}",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=int(sys.argv[3]),
        start_method="forkserver",  # from a process that has imported this file
    )
    starts = elastic_launch(config, train)(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    assert starts == {rank: int(sys.argv[3]) for rank in range(SIZE)}, starts
