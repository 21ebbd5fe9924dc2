"""What a training shows: lines, tracked values, a bar, an image."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import CurvesHook, Hook, LoggerHook
from engine.logging import console
from engine.runner import Runner

CfgMaker = Callable[..., Config]


def trained(cfg: Config, **hooks: Any) -> Runner:
    cfg.default_hooks = {"checkpoint": None, **hooks}
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def tracked(runner: Runner) -> list[dict[str, float]]:
    file = Path(runner.log_dir) / "vis_data" / "scalars.json"
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"interval": 2}, [2, 4, 6, 8, 10]),
        ({"interval": 2, "ignore_last": False}, [2, 4, 5, 6, 8, 10]),
        ({"interval": 5}, [5, 10]),
    ],
)
def test_values_are_tracked_at_intervals(
    toy_cfg: CfgMaker, options: dict[str, Any], steps: list[int]
) -> None:
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 2})
    runner = trained(cfg, logger={"type": "LoggerHook", **options})
    lines = tracked(runner)
    assert [line["step"] for line in lines if "loss" in line] == steps
    assert [line["step"] for line in lines if "acc" in line] == [1, 2]
    losses = runner.message_hub.get_scalar("train/loss").data[0]
    for line in lines:
        if "loss" in line:
            window = losses[max(0, int(line["step"]) - 10) : int(line["step"])]
            assert line["loss"] == pytest.approx(window.mean())


def test_the_step_of_a_metric_may_be_the_iteration(toy_cfg: CfgMaker) -> None:
    runner = trained(toy_cfg(), logger={"type": "LoggerHook", "log_metric_by_epoch": False})
    assert [line["step"] for line in tracked(runner) if "acc" in line] == [5, 10, 15]


def test_metrics_come_first_in_a_line_and_the_step_last(toy_cfg: CfgMaker) -> None:
    for line in tracked(trained(toy_cfg())):
        names = list(line)
        assert names[-1] == "step"
        if "acc" in line:
            assert names == ["acc", "count", "data_time", "time", "step"]


def test_lines_of_the_log(toy_cfg: CfgMaker) -> None:
    runner = trained(toy_cfg(log_level="INFO"), logger={"type": "LoggerHook", "interval": 5})
    runner.test()
    log = (Path(runner.log_dir) / f"{runner.timestamp}.log").read_text()
    for part in (
        "Epoch(train) [1][5/5]  lr: 5.0000e-01  eta: 0:00:0",
        "samples/s: ",
        "  loss: ",
        "Epoch(val) [1][5/5]  samples/s: ",
        "Epoch(val) [3][5/5]  acc: ",
        "Epoch(test) [5/5]  samples/s: ",
        "Epoch(test) [5/5]  acc: ",
    ):
        assert part in log


class _OddNames(BaseMetric):
    """Gives values with the names of those that a run logs itself."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        names = ("time", "data_time", "step", "epoch", "iter", "lr", "time_value", "acc")
        return {name: 1000.0 + number for number, name in enumerate(names)}


def test_values_with_the_names_of_the_runs_own_keep_apart(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    class OddLosses(Hook):
        priority = "HIGHEST"

        def after_train_iter(
            self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            outputs |= {"time": -1.0, "step": -2.0, "lr": -3.0}

    cfg = toy_cfg(val_evaluator={"type": _OddNames}, custom_hooks=[OddLosses()])
    runner = trained(cfg, logger={"type": "LoggerHook", "interval": 5})
    training, validation = tracked(runner)[-2:]
    assert (training["step"], training["iter"], training["epoch"]) == (15, 15, 3)
    assert training["time"] > 0
    assert training["lr"] == 0.125
    assert [training[f"{name}_value"] for name in ("time", "step", "lr")] == [-1.0, -2.0, -3.0]
    assert validation["step"] == 3
    assert 0 < validation["time"] < 100
    assert 0 < validation["data_time"] < 100
    named = {"acc": 1007.0, "time_value": 1000.0, "time_value_value": 1006.0, "step_value": 1002.0}
    assert {name: validation[name] for name in named} == named
    assert "iter" not in validation
    assert caplog.text.count("the evaluator gives by this name is logged as time_value\n") == 1


@pytest.mark.parametrize("keep_local", [True, False])
def test_logs_are_copied_to_where_they_are_wanted(
    toy_cfg: CfgMaker, tmp_path: Path, keep_local: bool
) -> None:
    options = {"out_dir": str(tmp_path / "out"), "out_suffix": ".log", "keep_local": keep_local}
    runner = trained(toy_cfg(log_level="INFO"), logger={"type": "LoggerHook", **options})
    copied = [path.relative_to(tmp_path) for path in (tmp_path / "out").rglob("*.*")]
    assert copied == [Path("out", "run", runner.timestamp, f"{runner.timestamp}.log")]
    assert "Epoch(train) [2][5/5]" in (tmp_path / copied[0]).read_text()
    assert Path(runner.log_dir, f"{runner.timestamp}.log").exists() == keep_local
    assert Path(runner.log_dir, "vis_data", "scalars.json").exists()


def test_the_name_of_the_run_is_told_again(toy_cfg: CfgMaker) -> None:
    options = {"interval": 2, "interval_exp_name": 5}
    cfg = toy_cfg(log_level="INFO", experiment_name="mine")
    runner = trained(cfg, logger={"type": "LoggerHook", **options})
    log = Path(runner.log_dir, f"{runner.timestamp}.log").read_text()
    assert log.count("This is mine") == 2  # at the lines after 5 and 10 of 15 iterations


def test_a_line_needs_an_interval() -> None:
    with pytest.raises(ValueError, match="LoggerHook: interval is at least 1; got 0"):
        LoggerHook(interval=0)


class _Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class _TakesTime(Hook):
    """Makes data take 1 s, steps 2 s, and the metrics of a validation 50 s."""

    def __init__(self, clock: _Clock) -> None:
        self.clock = clock
        self.eta: list[float] = []

    priority = "VERY_HIGH"

    def _before_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, mode: str = "train"
    ) -> None:
        self.clock.now += 1.0

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None:
        self.clock.now += 2.0
        self.eta.append(runner.message_hub.get_info("eta", -1.0))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self.clock.now += 50.0


@pytest.mark.parametrize("by_epoch", [True, False])
def test_times_are_those_of_the_iterations_alone(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch, by_epoch: bool
) -> None:
    clock = _Clock()
    monkeypatch.setattr("time.perf_counter", clock)
    train: dict[str, Any] = {"by_epoch": True, "max_epochs": 2}
    if not by_epoch:
        train = {"by_epoch": False, "max_iters": 10, "val_interval": 5}
    hook = _TakesTime(clock)
    cfg = toy_cfg(train_cfg=train, param_scheduler=None, custom_hooks=[hook])
    runner = trained(cfg, progress=None)
    for mode in ("train", "val"):
        assert set(runner.message_hub.get_scalar(f"{mode}/data_time").data[0]) == {1.0}
        assert set(runner.message_hub.get_scalar(f"{mode}/time").data[0]) == {3.0}
    assert hook.eta[:4] == [-1.0, 27.0, 24.0, 21.0]
    assert runner.message_hub.get_info("eta") == 0.0


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal of 120 columns, as the engine sees it."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    console.cache_clear()
    yield
    console.cache_clear()


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_how_far_the_training_is(
    toy_cfg: CfgMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(toy_cfg(), progress={"type": "ProgressHook", "interval": 5})
    shown = capsys.readouterr().err
    for part in ("epoch 3/3 [5/5]", "loss ", "lr 1.25e-01", "samples/s: ", "eta 0:00:0"):
        assert part in shown


@pytest.mark.usefixtures("terminal")
def test_a_training_that_counts_iterations_shows_them_alone(
    toy_cfg: CfgMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = toy_cfg(train_cfg={"by_epoch": False, "max_iters": 10}, param_scheduler=None)
    trained(cfg, progress={"type": "ProgressHook", "interval": 5})
    shown = capsys.readouterr().err
    assert "iter 10/10" in shown
    assert "epoch" not in shown


def test_off_a_terminal_there_is_no_bar(
    toy_cfg: CfgMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    console.cache_clear()
    trained(toy_cfg(), progress={"type": "ProgressHook", "interval": 1})
    output = capsys.readouterr()
    assert output.out == output.err == ""


def test_curves_are_drawn_at_the_end(toy_cfg: CfgMaker) -> None:
    hooks = [{"type": "CurvesHook", "filename": "picture.png"}]
    runner = trained(toy_cfg(custom_hooks=hooks), logger={"type": "LoggerHook", "interval": 1})
    assert imread(Path(runner.work_dir) / "picture.png").std() > 0.01


def test_curves_need_matplotlib_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "engine\[vis\]"'):
        CurvesHook()


class _Curve(BaseMetric):
    """A number, and an array that is none."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"acc": 0.5, "curve": np.array([1.0, 2.0])}


def test_numbers_are_in_files_with_the_name_of_the_log(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 1}, test_evaluator={"type": _Curve})
    runner = trained(cfg, logger={"type": "LoggerHook", "interval": 5})
    name = f"{runner.timestamp}.json"
    lines = Path(runner.log_dir, "vis_data", name).read_text().splitlines()
    assert [json.loads(line) for line in lines] == tracked(runner)
    runner.test()
    metrics = json.loads(Path(runner.log_dir, name).read_text())
    assert (metrics["acc"], metrics["curve"]) == (0.5, [1.0, 2.0])
