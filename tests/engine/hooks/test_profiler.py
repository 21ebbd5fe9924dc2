"""Records of where the time goes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import profiler

from engine.config import Config
from engine.hooks import Hook, ProfilerHook
from engine.runner import Runner

CfgMaker = Callable[..., Config]


def _train(toy_cfg: CfgMaker, *hooks: Hook | dict[str, Any], **profile: Any) -> Runner:
    no_val: dict[str, Any] = {"val_dataloader": None, "val_cfg": None, "val_evaluator": None}
    custom = [{"type": "ProfilerHook", **profile}, *hooks]
    runner = Runner.from_cfg(toy_cfg(custom_hooks=custom, **no_val))
    runner.train()
    return runner


def _steps(file: Path) -> int:
    """Return how many steps of the optimizer a record has."""
    names = [event.get("name", "") for event in json.loads(file.read_text())["traceEvents"]]
    return names.count("Optimizer.step#SGD.step")


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"by_epoch": False, "profile_times": 3}, 3),
        ({"by_epoch": True, "profile_times": 2}, 10),
    ],
)
def test_so_many_epochs_or_iterations_are_recorded(
    toy_cfg: CfgMaker, tmp_path: Path, options: dict[str, Any], steps: int
) -> None:
    file = tmp_path / "new" / "trace.json"
    _train(toy_cfg, json_trace_path=str(file), **options)
    assert _steps(file) == steps


@pytest.mark.filterwarnings("ignore:Warning. Profiler clears events")  # as a record is handed on
def test_a_schedule_and_a_handler_of_ones_own(toy_cfg: CfgMaker) -> None:
    records: list[int] = []

    def note(record: profiler.profile) -> None:
        records.append(record.step_num)

    schedule = {"wait": 1, "warmup": 1, "active": 2, "repeat": 2}
    _train(toy_cfg, schedule=schedule, on_trace_ready=note, profile_times=3)
    assert records == [4, 8]


def test_a_table_in_the_log(toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trace = {"type": "log_trace", "sort_by": "cpu_time_total", "row_limit": 5}
    no_val: dict[str, Any] = {"val_dataloader": None, "val_cfg": None, "val_evaluator": None}
    hook = ProfilerHook(on_trace_ready=trace, record_shapes=True)
    Runner.from_cfg(toy_cfg(custom_hooks=[hook], log_level="INFO", **no_val)).train()
    assert "Self CPU time total" in caplog.text


def test_a_file_for_tensorboard_below_the_logs(toy_cfg: CfgMaker) -> None:
    runner = _train(toy_cfg, on_trace_ready={"type": "tb_trace"})
    assert [*(Path(runner.log_dir) / "profile").glob("*.pt.trace.json")]


class _Fails(Hook):
    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == 2:
            raise OSError("the disk is gone")


def test_a_training_that_breaks_off_leaves_its_record(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    with pytest.raises(OSError, match="the disk is gone"):
        _train(toy_cfg, _Fails(), json_trace_path=str(file))
    assert _steps(file) == 2


def test_a_test_is_not_recorded(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    Runner.from_cfg(toy_cfg(custom_hooks=[ProfilerHook(json_trace_path=str(file))])).test()
    assert not file.exists()


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="profile_times is at least 1; got 0"):
        ProfilerHook(profile_times=0)
    with pytest.raises(ValueError, match="set activity_with_cpu or activity_with_cuda"):
        ProfilerHook(activity_with_cpu=False)
    with pytest.raises(ValueError, match="got 'log_tracer'; did you mean 'log_trace'"):
        ProfilerHook(on_trace_ready={"type": "log_tracer"})
    with pytest.raises(ValueError, match="leave json_trace_path or schedule out"):
        ProfilerHook(json_trace_path="x", schedule={"wait": 0, "warmup": 0, "active": 1})
    with pytest.raises(ValueError, match="profile_times=9 is more than the training has, 3 epochs"):
        _train(toy_cfg, profile_times=9)
