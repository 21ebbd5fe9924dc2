"""Runs whose data have no length."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from engine.config import Config
from engine.registry import BuildError
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class Stream(IterableDataset[dict[str, Tensor]]):
    """Points of three classes, one after the other, without an end or with one."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop = stop

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return islice(self._points(), self.stop)

    def _points(self) -> Iterator[dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        while True:
            point = torch.randn(4, generator=generator)
            yield {"inputs": point, "data_samples": point[:3].argmax()}


def loader(**dataset: Any) -> dict[str, Any]:
    return {
        "batch_size": 4,
        "dataset": {"type": Stream, **dataset},
        "collate_fn": "default_collate",
    }


def streamed(toy_cfg: CfgMaker, **changes: Any) -> Config:
    cfg = toy_cfg(
        train_cfg={"by_epoch": False, "max_iters": 12, "val_interval": 6},
        val_dataloader=loader(stop=21),
        test_dataloader=loader(stop=21),
        **{
            "default_hooks": {"logger": {"type": "LoggerHook", "interval": 3}},
            "log_level": "INFO",
            **changes,
        },
    )
    cfg.train_dataloader = loader()
    return cfg


@pytest.mark.parametrize(
    "scheduler",
    [
        {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "end": 6},
        {"type": "CosineAnnealingLR", "T_max": 12, "by_epoch": False},
        {"type": "StepLR", "step_size": 3},
    ],
)
def test_a_stream_trains_with_a_schedule(
    toy_cfg: CfgMaker, scheduler: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    runner = Runner.from_cfg(streamed(toy_cfg, param_scheduler=scheduler))
    rates = runner.message_hub.log_scalars
    runner.train()
    assert runner.iter == 12
    assert len({rates["train/lr"].last(12)[i] for i in range(12)}) > 1
    assert "Iter(train) [ 3/12]" in caplog.text or "Iter(train) [3/12]" in caplog.text
    assert "Iter(val) [3/?]" in caplog.text
    assert "Iter(val) [6/?]  acc: " in caplog.text
    assert runner.test()["count"] == 21


def test_a_schedule_by_epochs_says_what_a_stream_lacks(toy_cfg: CfgMaker) -> None:
    scheduler = {"type": "CosineAnnealingLR", "T_max": 2, "convert_to_iter_based": True}
    runner = Runner.from_cfg(streamed(toy_cfg, param_scheduler={**scheduler, "by_epoch": True}))
    with pytest.raises((ValueError, BuildError), match="epoch_length"):
        runner.train()


def test_a_training_by_epochs_needs_a_length(toy_cfg: CfgMaker) -> None:
    cfg = streamed(toy_cfg)
    cfg.train_cfg = {"by_epoch": True, "max_epochs": 2}
    with pytest.raises((ValueError, BuildError), match=r"Stream has no length, .*by_epoch=False"):
        Runner.from_cfg(cfg).train()


def weights(runner: Runner) -> list[float]:
    return torch.cat([each.flatten() for each in runner.model.parameters()]).tolist()


@pytest.fixture
def stateful(toy_cfg: CfgMaker, tmp_path: Path) -> Callable[..., Runner]:
    """Return a function that makes a run on a stream whose place is kept."""

    def make(folder: str, max_iters: int, workers: int, **changes: Any) -> Runner:
        cfg = streamed(toy_cfg, work_dir=str(tmp_path / folder), log_level="ERROR", **changes)
        cfg.train_dataloader = {
            "batch_size": 4,
            "dataset": {"type": "ShardedStream", "dataset": {"type": Stream, "stop": 20}},
            "collate_fn": "default_collate",
            "num_workers": workers,
            "multiprocessing_context": "fork" if workers else None,
            "stateful": True,
        }
        cfg.train_cfg = {"by_epoch": False, "max_iters": max_iters, "val_interval": 100}
        return Runner.from_cfg(cfg)

    return make


def saving(interval: int) -> dict[str, Any]:
    return {"checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": interval}}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [3, 5, 10])  # the second is at the end of a pass
def test_a_stateful_loader_goes_on_in_the_middle_of_a_pass(
    stateful: Callable[..., Runner], workers: int, stop: int
) -> None:
    whole = stateful("whole", 12, workers)
    whole.train()
    stateful("begun", stop, workers, default_hooks=saving(stop)).train()
    resumed = stateful("begun", 12, workers, resume=True)
    resumed.train()
    assert weights(resumed) == weights(whole)


def test_the_place_of_other_workers_is_told(stateful: Callable[..., Runner]) -> None:
    stateful("begun", 3, 2, default_hooks=saving(3)).train()
    resumed = stateful("begun", 12, 0, resume=True)
    with pytest.raises(ValueError, match=r"is that of a .* with num_workers=2, and not of a "):
        resumed.train()


def test_a_stateful_loader_needs_a_stream_and_torchdata(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner.from_cfg(toy_cfg())
    with pytest.raises(ValueError, match="stateful=True is for an iterable dataset; list is read"):
        runner.build_dataloader({"dataset": [1, 2], "stateful": True})
    monkeypatch.setitem(sys.modules, "torchdata.stateful_dataloader", None)
    with pytest.raises(ImportError, match=r"pip install 'engine\[streams\]'"):
        runner.build_dataloader({**loader(stop=4), "stateful": True})
