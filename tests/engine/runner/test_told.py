"""What a run tells its user, before or while it goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from engine.config import Config
from engine.hooks import Hook
from engine.model import BaseModel
from engine.runner import Runner

CfgMaker = Callable[..., Config]


@pytest.mark.parametrize(
    "part",
    ["optim_wrapper", "train_dataloader", "val_dataloader", "val_evaluator", "test_dataloader",
     "test_evaluator"],
)  # fmt: skip
def test_a_part_that_is_not_built_yet(toy_cfg: CfgMaker, part: str) -> None:
    runner = Runner.from_cfg(toy_cfg())
    phase = part.split("_", maxsplit=1)[0].replace("optim", "train")
    with pytest.raises(RuntimeError, match=rf"{part} is not built yet: runner.{phase}\(\) builds"):
        getattr(runner, part)
    getattr(runner, phase)()
    assert getattr(runner, part) is not None


class Losses(BaseModel):
    """Gives losses that are chosen."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.losses = iter(losses)

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, torch.Tensor]:
        return {"loss": torch.tensor(next(self.losses))}

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        raise NotImplementedError


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    losses=st.lists(st.sampled_from([0.5, float("nan"), float("inf")]), min_size=1, max_size=12),
    interval=st.integers(1, 14),
)
def test_each_loss_that_is_no_number_is_told_once(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture, losses: list[float], interval: int
) -> None:
    caplog.clear()
    cfg = toy_cfg(
        model={"type": Losses, "losses": losses},
        train_cfg={"by_epoch": False, "max_iters": len(losses)},
        default_hooks={
            "logger": {"type": "LoggerHook", "interval": interval},
            "checkpoint": None,
        },
        **dict.fromkeys(("val_dataloader", "val_cfg", "val_evaluator", "param_scheduler")),
    )
    Runner.from_cfg(cfg).train()
    told = [record.args for record in caplog.records if "The loss is" in record.msg]
    wrong = [number for number, loss in enumerate(losses, 1) if loss != 0.5]
    assert sum(args[2] for args in told if isinstance(args, tuple)) == len(wrong)  # type: ignore[misc]
    groups = [range(start, start + interval) for start in range(1, len(losses) + 1, interval)]
    firsts = [next((n for n in wrong if n in group), None) for group in groups]
    assert [args[1] for args in told if isinstance(args, tuple)] == [*filter(None, firsts)]


class Second(Hook):
    """Starts another training while one is under way."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self.start = start

    def before_train(self, runner: Runner) -> None:
        self.start()


WARNING = "Another training is under way in"


def test_a_second_training_in_a_work_dir_is_told(
    toy_cfg: CfgMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def train(name: str, *hooks: Hook) -> None:
        cfg = toy_cfg(
            work_dir=str(tmp_path / name), custom_hooks=hooks, train_cfg={"max_epochs": 1}
        )
        Runner.from_cfg(cfg).train()

    train("a")
    train("a")  # one after the other
    train("a", Second(lambda: train("b")))  # at once, in folders of their own
    train("a", Second(lambda: Runner.from_cfg(toy_cfg(work_dir=str(tmp_path / "a"))).test()))
    assert WARNING not in caplog.text
    train("a", Second(lambda: train("a")))
    assert f"{WARNING} {tmp_path / 'a'} (process {os.getpid()} on " in caplog.text
    caplog.clear()
    train("a")
    assert WARNING not in caplog.text


def test_a_training_that_died_is_not_under_way(
    toy_cfg: CfgMaker, tmp_path: Path, together: Callable[..., None], caplog: Any
) -> None:
    together(Path(__file__), 1, str(tmp_path / "a"))
    assert (tmp_path / "a" / ".training").is_file()
    Runner.from_cfg(toy_cfg(work_dir=str(tmp_path / "a"))).train()
    assert WARNING not in caplog.text


def main(rank: int, variables: Mapping[str, str], folder: str) -> None:
    """Die in the middle of a training."""
    Runner(
        model=Losses([0.5] * 9),
        work_dir=folder,
        train_dataloader={"dataset": [0], "collate_fn": "pseudo_collate"},
        train_cfg={"max_epochs": 2},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
        custom_hooks=[Second(lambda: os._exit(0))],
        log_level="ERROR",
    ).train()
