"""A run that is stopped anywhere and resumed ends as one that was not."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed, nn

from engine.evaluator import BaseMetric
from engine.hooks import EMAHook, Hook
from engine.model import BaseModel, unwrap
from engine.runner import Runner, TrainingInterrupted

SAMPLES, BATCH, EPOCHS = 22, 4, 3
ITERS = EPOCHS * (SAMPLES // BATCH)

# Python warns where a process with threads forks, as data loaders do.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


class Case(NamedTuple):
    """A training, and where it is stopped."""

    by_epoch: bool
    stop: int  # after how many iterations
    how: str  # 'signal', 'signal in validation', or 'crash': nothing is saved when it happens
    workers: int
    shuffle: bool
    augmented: bool
    dropout: bool
    accumulated: int
    ema: bool
    layout: str = "file"  # or 'folder', or 'background': a folder that is written meanwhile


CASES = st.builds(
    Case,
    by_epoch=st.booleans(),
    stop=st.integers(1, ITERS - 1),
    how=st.sampled_from(["signal", "signal in validation", "crash"]),
    workers=st.sampled_from([0, 2]),
    shuffle=st.booleans(),
    augmented=st.booleans(),
    dropout=st.booleans(),
    accumulated=st.sampled_from([1, 3]),
    ema=st.booleans(),
    layout=st.sampled_from(["file", "folder", "background"]),
).filter(lambda case: case.how != "crash" or case.stop > 6)  # when there is a checkpoint


class Net(BaseModel):
    """Two layers, with batch norm, whose statistics are buffers, and dropout."""

    def __init__(self, dropout: bool) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)
        self.drop = nn.Dropout(0.3 if dropout else 0.0)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.last(self.drop(self.norm(self.first(inputs)).relu()))
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out, data_samples)}
        return [{"right": right} for right in (out.argmax(1) == data_samples).tolist()]


class Points(torch.utils.data.Dataset[dict[str, Tensor]]):
    """Points of three classes; where they are augmented, all three generators are drawn from."""

    def __init__(self, augmented: bool) -> None:
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(SAMPLES, 4, generator=generator)
        self.augmented = augmented

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        point = self.points[index]
        label = point[:3].argmax()
        if self.augmented:
            noise = torch.rand(4) + torch.from_numpy(np.random.rand(4)).float()
            point = point + 0.1 * noise + 0.1 * random.random()
        return {"inputs": point, "data_samples": label}


class Accuracy(BaseMetric):
    """The share of right predictions."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += [each["right"] for each in data_samples]

    def compute_metrics(self, results: list[bool]) -> dict[str, float]:
        return {"acc": sum(results) / len(results)}


class Crash(Exception):
    """What ends a process without a word."""


class StopAt(Hook):
    """Ends the training after a number of iterations."""

    priority = "LOWEST"

    def __init__(self, case: Case) -> None:
        self.case = case
        self.is_done = False

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self.case.how != "signal in validation" and runner.iter + 1 == self.case.stop:
            self.stop()

    def after_val_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self.case.how == "signal in validation" and runner.iter >= self.case.stop:
            self.stop()

    def stop(self) -> None:
        if self.case.how == "crash":
            raise Crash
        if not self.is_done:  # a second signal would end the process at once
            os.kill(os.getpid(), signal.SIGTERM)
        self.is_done = True


class StartAt(Hook):
    """Notes where a training goes on."""

    def __init__(self) -> None:
        self.iteration = -1

    def before_train(self, runner: Runner) -> None:
        self.iteration = runner.iter


def runner_of(case: Case, folder: Path, size: int, **changes: Any) -> Runner:
    def loader(**options: Any) -> dict[str, Any]:
        return {
            "batch_size": BATCH // size,
            "num_workers": case.workers,
            "multiprocessing_context": "fork" if case.workers else None,
            "sampler": {"type": "DefaultSampler", "shuffle": case.shuffle},
            "dataset": {"type": Points, "augmented": case.augmented},
            "collate_fn": "default_collate",
            "drop_last": True,
            **options,
        }

    loop: dict[str, Any] = {"by_epoch": True, "max_epochs": EPOCHS}
    if not case.by_epoch:
        loop = {"by_epoch": False, "max_iters": ITERS, "val_interval": 4}
    saves = {
        "type": "CheckpointHook",
        "interval": 1 if case.by_epoch else 5,
        "layout": "file" if case.layout == "file" else "folder",
        "background": case.layout == "background",
    }
    cfg: dict[str, Any] = {
        "model": {"type": Net, "dropout": case.dropout},
        "work_dir": str(folder),
        "train_dataloader": loader(),
        "train_cfg": loop,
        "optim_wrapper": {
            "optimizer": {"type": "AdamW", "lr": 0.02},
            "accumulative_counts": case.accumulated,
            "clip_grad": {"max_norm": 1.0},
        },
        "param_scheduler": [
            {"type": "LinearLR", "by_epoch": False, "end": 5},
            {"type": "CosineAnnealingLR", "T_max": 3, "by_epoch": case.by_epoch},
        ],
        "val_dataloader": loader(drop_last=False),
        "val_cfg": {"loss": True},
        "val_evaluator": {"type": Accuracy},
        "default_hooks": {
            "logger": {"type": "LoggerHook", "interval": 2},
            "checkpoint": {**saves, "by_epoch": case.by_epoch},
        },
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.1}] if case.ema else [],
        "launcher": "none" if size == 1 else "pytorch",
        "strategy": {"device": "cpu"},
        "log_level": "ERROR",
    }
    return Runner.from_cfg({**cfg, **changes})


def state_of(runner: Runner) -> dict[str, Any]:
    averages = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
    return {
        "weights": unwrap(runner.model).state_dict(),
        "average": [hook.ema_model.state_dict() for hook in averages],
        "optimizer": runner.optim_wrapper.state_dict()["state"],
        "schedulers": [scheduler.state_dict() for scheduler in runner.param_schedulers],
        "random": [random.random(), np.random.rand(3), torch.rand(3)],
        # What is logged is what the first process has seen.
        "history": {
            name: history.data[0]
            for name, history in runner.message_hub.log_scalars.items()
            if runner.rank == 0 and not name.endswith("time")
        },
        "position": (runner.epoch, runner.iter),
    }


def lines_of(folder: Path) -> list[dict[str, float]]:
    """Return the tracked values of all starts in their order, without times."""
    files = sorted(folder.glob("*/vis_data/scalars.json"), key=lambda file: file.stat().st_ctime_ns)
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    kept = [{k: v for k, v in line.items() if not k.endswith("time")} for line in lines]
    return [line for line, _ in itertools.groupby(kept)]


def check(case: Case, folder: Path, size: int = 1) -> None:
    whole = runner_of(case, folder / "whole", size, randomness={"seed": 5})
    whole.train()
    expected = state_of(whole)

    stop = [*(whole.cfg.custom_hooks or []), StopAt(case)]
    first = runner_of(case, folder / "part", size, randomness={"seed": 5}, custom_hooks=stop)
    with pytest.raises((TrainingInterrupted, Crash)):
        first.train()
    torch.manual_seed(99)  # as another process would have it
    np.random.seed(99)
    random.seed(99)
    start = StartAt()
    second = runner_of(
        case,
        folder / "part",
        size,
        resume=True,
        custom_hooks=[*(whole.cfg.custom_hooks or []), start],
    )
    second.train()
    assert 0 < start.iteration <= first.iter + 1  # a crash comes before its iteration counts
    torch.testing.assert_close(state_of(second), expected, rtol=0, atol=0)
    if size == 1 and case.how != "crash":  # after a crash some lines come twice
        assert lines_of(folder / "part") == lines_of(folder / "whole")


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CASES)
@example(Case(True, 5, "signal", 2, True, True, True, 3, True))  # a boundary
@example(Case(True, 8, "signal", 2, True, True, True, 3, True))
@example(Case(False, 8, "signal in validation", 0, True, True, True, 3, True))
@example(Case(False, 11, "crash", 2, True, True, True, 3, True))
@example(Case(False, 11, "crash", 0, True, True, True, 3, True, "background"))
@example(Case(True, 8, "signal", 0, True, True, True, 3, True, "background"))
def test_one_process(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    check(case, tmp_path_factory.mktemp("run"))


# Each stops early enough: two processes agree at every tenth step, of training or validation.
CASES_OF_TWO = [
    Case(True, 3, "signal", 2, True, True, True, 3, True, "folder"),
    Case(False, 3, "signal", 0, True, True, True, 3, False),
    Case(True, 8, "crash", 0, True, True, False, 1, True),
    Case(False, 11, "crash", 2, False, True, True, 3, True, "background"),
    Case(True, 6, "signal in validation", 0, True, True, True, 3, True),
    Case(False, 4, "signal in validation", 2, True, False, True, 1, False),
]


@pytest.mark.slow
def test_two_processes(together: Callable[..., None], tmp_path: Path) -> None:
    cases = [tuple(case) for case in CASES_OF_TWO]
    together(Path(__file__), 2, str(tmp_path), cases, timeout=300.0)  # three trainings each


def main(
    rank: int, variables: Mapping[str, str], folder: str, cases: list[tuple[Any, ...]]
) -> None:
    """Hold the property in one of several processes."""
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    for number, given_case in enumerate(cases):
        check(Case._make(given_case), Path(folder) / str(number), size=2)
    distributed.destroy_process_group()
