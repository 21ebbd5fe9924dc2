"""From the histories of the message hub to lines and tracked values."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import Hook
from engine.runner import LogProcessor, Runner

CfgMaker = Callable[..., Config]


class Keep(Hook):
    """Keeps what the log processor makes of each point."""

    priority = "LOWEST"

    def __init__(self) -> None:
        self.tags: list[dict[str, Any]] = []
        self.lines: list[str] = []

    def after_train_iter(self, runner: Runner, batch_idx: int, *args: Any, **kwargs: Any) -> None:
        self.keep(runner.log_processor.get_log_after_iter(runner, batch_idx, "train"))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        length = len(runner.val_dataloader)
        self.keep(runner.log_processor.get_log_after_epoch(runner, length, "val", True))

    def keep(self, made: tuple[dict[str, Any], str]) -> None:
        self.tags.append(made[0])
        self.lines.append(made[1])


def kept(toy_cfg: CfgMaker, **options: Any) -> tuple[Keep, list[float], list[float]]:
    hook = Keep()
    cfg = toy_cfg(log_processor=options, custom_hooks=[hook])
    runner = Runner.from_cfg(cfg)
    runner.message_hub.update_info("val/matrix", [[1]])
    runner.train()
    histories = runner.message_hub.log_scalars
    return hook, *(histories[f"train/{name}"].data[0].tolist() for name in ("loss", "lr"))


def test_values_are_averaged_over_a_window(toy_cfg: CfgMaker) -> None:
    hook, losses, rates = kept(toy_cfg, window_size=3)
    train = [tag for tag in hook.tags if "lr" in tag]
    assert [tag["lr"] for tag in train] == rates
    for number, tag in enumerate(train):
        window = losses[max(0, number - 2) : number + 1]
        assert tag["loss"] == pytest.approx(sum(window) / len(window))
        assert (tag["iter"], tag["epoch"]) == (number + 1, number // 5 + 1)


def test_custom_statistics(toy_cfg: CfgMaker) -> None:
    hook, losses, _ = kept(
        toy_cfg,
        custom_cfg=[
            {"data_src": "loss", "method_name": "max", "window_size": "epoch", "log_name": "worst"},
            {"data_src": "loss", "method_name": "min", "window_size": "global", "log_name": "best"},
            {"data_src": "loss", "method_name": "current"},
            {"data_src": "absent", "method_name": "mean"},
        ],
    )
    train = [tag for tag in hook.tags if "lr" in tag]
    for number, tag in enumerate(train):
        in_epoch = losses[number // 5 * 5 : number + 1]
        assert tag["worst"] == pytest.approx(max(in_epoch))
        assert tag["best"] == pytest.approx(min(losses[: number + 1]))
        assert tag["loss"] == pytest.approx(losses[number])
    assert f"worst: {train[-1]['worst']:.4f}" in hook.lines[-2]


def test_values_may_have_the_name_of_their_phase(toy_cfg: CfgMaker) -> None:
    hook, _, _ = kept(toy_cfg, log_with_hierarchy=True, num_digits=2)
    assert {"train/loss", "train/lr", "train/time", "epoch", "iter"} <= hook.tags[0].keys()
    last = hook.tags[-1]
    assert {"val/acc", "val/time", "val/data_time", "val/matrix"} <= last.keys()
    assert f"acc: {last['val/acc']:.2f}" in hook.lines[-1]


def test_metrics_that_are_no_numbers_are_returned_where_asked_for(toy_cfg: CfgMaker) -> None:
    hook, _, _ = kept(toy_cfg)
    assert hook.tags[-1]["matrix"] == [[1]]
    assert "matrix" not in hook.lines[-1]


class Stopped(Exception):
    """The end of a run that is killed."""


class StopAt(Hook):
    """Kills a run after an iteration, as soon as that is saved."""

    priority = "LOWEST"

    def __init__(self, number: int) -> None:
        self.number = number

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter + 1 == self.number:
            raise Stopped


class Now(Hook):
    """Logs values at some iterations, and metrics at some validations."""

    priority = "HIGH"

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter % 4 == 1:
            runner.message_hub.update_scalar("train/some_loss", runner.iter + 1)
        if runner.iter % 7 == 2:
            runner.message_hub.update_scalar("train/newest", runner.iter + 1)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        if runner.epoch % 2:
            runner.message_hub.update_scalar("val/metric", runner.epoch)


class Sometimes(BaseMetric):
    """Gives a matrix in every third validation, and a number in the others."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        self.number += 1
        return {"count": self.number} if self.number % 3 else {"matrix": [[self.number]]}


@given(interval=st.integers(1, 9), stop=st.none() | st.integers(1, 19))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_is_logged_once(
    toy_cfg: CfgMaker, tmp_path_factory: pytest.TempPathFactory, interval: int, stop: int | None
) -> None:
    cfg = toy_cfg(
        work_dir=str(tmp_path_factory.mktemp("run")),
        train_cfg={"max_epochs": 4},
        custom_hooks=[Now(), StopAt(stop or 0)],
        val_evaluator={"type": Sometimes},
        default_hooks={
            "logger": {"type": "LoggerHook", "interval": interval, "log_metric_by_epoch": False},
            "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
        },
        log_processor={"window_size": 1},
    )
    first = Runner.from_cfg(cfg)
    if stop is None:
        first.train()
    else:
        with pytest.raises(Stopped):
            first.train()
        Runner.from_cfg(cfg | {"resume": True, "custom_hooks": [Now()]}).train()
    lines = [
        json.loads(line)
        for file in sorted(Path(first.work_dir).glob("*/vis_data/scalars.json"))
        for line in file.read_text().splitlines()
    ]
    for name, start, every in (("some_loss", 2, 4), ("newest", 3, 7)):
        made = range(start, 21, every)
        due = {-(-each // interval) * interval: each for each in made}
        expected = {step: value for step, value in due.items() if step <= 20}
        assert {line["step"]: line[name] for line in lines if name in line} == expected
    assert [line["step"] for line in lines if "metric" in line] == [5, 15]


def test_a_metric_that_is_not_given_is_not_logged(toy_cfg: CfgMaker) -> None:
    hook = Keep()
    cfg = toy_cfg(
        train_cfg={"max_epochs": 4}, val_evaluator={"type": Sometimes}, custom_hooks=[hook]
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    made = [{name: tag[name] for name in ("count", "matrix") if name in tag} for tag in hook.tags]
    assert [each for each in made if each] == [
        {"count": 1},
        {"count": 2},
        {"matrix": [[3]]},
        {"count": 4},
    ]


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        ({"data_src": "loss"}, r"custom_cfg\.0 needs method_name"),
        (
            {"data_src": "loss", "method_name": "mean", "window_size": "all"},
            r"custom_cfg\.0\.window_size is a positive number, 'epoch' or 'global'; got 'all'",
        ),
        ({"data_src": "loss", "method_name": "mean", "window_size": 0}, "got 0"),
    ],
)
def test_mistakes(custom: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        LogProcessor(custom_cfg=[custom])


def test_names_must_differ_and_an_epoch_must_be_counted() -> None:
    options = {"data_src": "loss", "method_name": "mean", "window_size": "epoch"}
    with pytest.raises(ValueError, match=r"\.1 would be a second value called 'loss'; set log_"):
        LogProcessor(custom_cfg=[options, options])
    with pytest.raises(ValueError, match=r"\.0 takes the name 'iter', which each line has; set"):
        LogProcessor(custom_cfg=[{**options, "log_name": "iter"}])
    with pytest.raises(ValueError, match="window_size is 'epoch', which needs by_epoch=True"):
        LogProcessor(by_epoch=False, custom_cfg=[options])


class Diverges(Hook):
    """Makes the loss of some iterations no number."""

    priority = "HIGHEST"

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter in (6, 8):
            outputs["loss"] = torch.tensor(float("nan" if runner.iter == 6 else "inf"))


def test_a_loss_that_is_no_number_is_told_with_its_iteration(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    cfg = toy_cfg(
        custom_hooks=[Diverges()], default_hooks={"logger": {"type": "LoggerHook", "interval": 5}}
    )
    Runner.from_cfg(cfg).train()
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == (
        "The loss is nan at iteration 7, the first of 2 such among the last 5"
    )
