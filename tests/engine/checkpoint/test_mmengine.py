"""Checkpoints of MMEngine, which is not there."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from engine.checkpoint import read_checkpoint


class HistoryBuffer:
    """What such a checkpoint keeps of a logged value."""

    def __init__(self, values: list[float]) -> None:
        self.max_length = 1_000_000
        self._log_history = np.array(values)
        self._count_history = np.ones(len(values), np.int64)
        self.statistics_methods = {"mean": HistoryBuffer.mean}

    @classmethod
    def mean(cls) -> None: ...


class ConfigDict(dict[str, Any]):
    """A part of a config, which is pickled by a call with its items."""

    def __reduce_ex__(self, protocol: object) -> Any:
        return type(self), (dict(self),)


class Config:
    """A config, which is pickled with the state of `__getstate__`."""

    def __getstate__(self) -> Any:
        return ConfigDict(lr=0.1), None, "lr = 0.1", {}, set()


@pytest.fixture
def mmengine() -> Iterator[None]:
    """Modules of MMEngine's names, for the time in which a checkpoint is written."""
    classes: dict[str, list[type]] = {
        "mmengine.logging.history_buffer": [HistoryBuffer],
        "mmengine.config.config": [ConfigDict, Config],
    }
    former = {kind: kind.__module__ for kinds in classes.values() for kind in kinds}
    packages = ["mmengine", "mmengine.logging", "mmengine.config"]
    for name in packages:
        sys.modules[name] = ModuleType(name)
    for name, kinds in classes.items():
        module = sys.modules[name] = ModuleType(name)
        for kind in kinds:
            setattr(module, kind.__name__, kind)
            kind.__module__ = name
    yield
    for kind, name in former.items():
        kind.__module__ = name
    for name in [*packages, *classes]:
        sys.modules.pop(name, None)


@pytest.fixture
def file(tmp_path: Path, mmengine: None) -> Path:
    """A checkpoint with all that MMEngine 0.10.7 puts into one, and configs as older ones did."""
    content = {
        "meta": {
            "cfg": "lr = 0.1",
            "dataset_meta": ConfigDict(classes=("cat",), more=[ConfigDict(a=1)]),
            "whole": Config(),
            "mmengine_version": "0.10.7",
            "epoch": 2,
            "iter": 8,
        },
        "state_dict": OrderedDict(weight=torch.ones(2)),
        "message_hub": {
            "log_scalars": OrderedDict({"train/loss": HistoryBuffer([3.0, 1.0])}),
            "runtime_info": OrderedDict(best_score=np.float64(0.5)),
            "resumed_keys": OrderedDict({"train/loss": True}),
        },
        "optimizer": {"state": {}, "param_groups": []},
        "param_schedulers": [{"base_values": [np.float32(0.1)], "by_epoch": True}],
    }
    path = tmp_path / "mm.pth"
    torch.save(content, path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mmengine"]:
        del sys.modules[name]
    return path


def test_all_in_it_becomes_plain_data(file: Path) -> None:
    content = read_checkpoint(file)
    assert "mmengine" not in sys.modules
    assert content["meta"]["dataset_meta"] == {"classes": ("cat",), "more": [{"a": 1}]}
    assert content["meta"]["whole"] == {"lr": 0.1}
    values, counts = content["message_hub"]["log_scalars"]["train/loss"]
    assert (values.tolist(), counts.tolist()) == ([3.0, 1.0], [1, 1])
    assert content["param_schedulers"] == [
        {"base_values": [pytest.approx(0.1, rel=1e-6)], "by_epoch": True}
    ]
    assert torch.equal(content["state_dict"]["weight"], torch.ones(2))
    again = file.with_name("again.pth")
    torch.save(content, again)
    torch.load(again, weights_only=True)


class Evil:
    """What would run code when it is unpickled."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def test_nothing_is_run_by_what_is_allowed(tmp_path: Path) -> None:
    """`getattr` gives nothing, so that no method of anything can be reached."""
    path = tmp_path / "x.pth"
    torch.save({"state_dict": {}, "meta": {"x": Evil(getattr, "text", "upper")}}, path)
    assert read_checkpoint(path)["meta"] == {"x": None}
