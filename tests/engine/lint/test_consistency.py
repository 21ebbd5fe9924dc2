"""What the training loop refuses, and what is looked up in a scope of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine import lint
from engine.config import Config
from engine.hooks import CheckpointHook
from engine.model import BaseModel, ExponentialMovingAverage
from engine.optim.scheduler import StepLR
from engine.runner import (
    BaseLoop,
    BaseTrainLoop,
    EpochBasedTrainLoop,
    IterBasedTrainLoop,
    Runner,
)


class Net(BaseModel):
    """A class that is only ever named."""


class OwnIterLoop(IterBasedTrainLoop):
    """A loop of a user, which counts iterations."""


class OwnEpochLoop(EpochBasedTrainLoop):
    """A loop of a user, which counts epochs."""


class CountingLoop(BaseTrainLoop):
    """One that says itself that it counts iterations, and trains for none."""

    by_epoch = False
    max_epochs, max_iters = 1, 0

    def run(self) -> None:
        self.runner.call_hook("before_train")


class PlainLoop(BaseLoop):
    """One that says nothing of what it counts."""

    epoch = iter = 0
    max_epochs, max_iters, val_interval = 1, 0, 1

    def run(self) -> None:
        self.runner.call_hook("before_train")


PARTS: dict[str, Any] = {
    "param_scheduler.by_epoch": {"type": "StepLR", "step_size": 2, "by_epoch": True},
    "param_scheduler.1.by_epoch": [
        {"type": "ReduceOnPlateauLR", "by_epoch": True},
        {"type": StepLR, "step_size": 2, "by_epoch": True},
        {"type": "LinearLR", "end": 2, "by_epoch": True, "convert_to_iter_based": True},
    ],
    "default_hooks.checkpoint.by_epoch": {
        "checkpoint": {"type": CheckpointHook, "by_epoch": True},
        "logger": None,
    },
    "default_hooks.logger.log_metric_by_epoch": {
        "logger": {"type": "LoggerHook", "log_metric_by_epoch": True}
    },
    "custom_hooks.0.by_epoch": [{"type": "ProfilerHook", "by_epoch": True}],
    "log_processor.by_epoch": {"type": "LogProcessor", "by_epoch": True},
}


@pytest.mark.parametrize("path", PARTS)
def test_it_is_found(path: str) -> None:
    def found(**train_cfg: Any) -> list[tuple[str, str]]:
        cfg = {
            "model": {"type": Net},
            "train_dataloader": {"dataset": []},
            "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
            "train_cfg": train_cfg,
            path.split(".", maxsplit=1)[0]: PARTS[path],
        }
        return [(each.kind, each.path) for each in lint.check(cfg)]

    iterations: list[dict[str, Any]] = [
        {"max_iters": 9},
        {"by_epoch": False, "max_iters": 9},
        {"type": "IterBasedTrainLoop", "max_iters": 9},
        {"type": "engine.IterBasedTrainLoop", "max_iters": 9},
    ]
    iterations += [{"type": OwnIterLoop, "max_iters": 9}, {"type": CountingLoop}]
    for loop in iterations:
        assert found(**loop) == [("wrong-value", path)]
    assert found(max_epochs=9) == found(type=OwnEpochLoop, max_epochs=9) == []
    assert found(type=PlainLoop) == []


def test_the_finding() -> None:
    cfg = {"model": {"type": Net}, "train_cfg": {"max_iters": 9}}
    cfg["log_processor"] = {"by_epoch": True}
    (finding,) = [each for each in lint.check(cfg) if each.kind == "wrong-value"]
    assert finding.message == "this counts epochs, and the training counts iterations (max_iters)"
    assert finding.suggestion == "leave out by_epoch, and give its times in iterations"


LOOPS: list[dict[str, Any]] = [
    {"max_epochs": 1},
    {"max_iters": 2},
    {"type": OwnEpochLoop, "max_epochs": 1},
    {"type": OwnIterLoop, "max_iters": 2},
    {"type": CountingLoop},
    {"type": PlainLoop},
]
STATISTIC = {"data_src": "loss", "method_name": "mean"}
CHANGES: list[dict[str, Any]] = [
    {},
    {"log_processor": {"by_epoch": True}},
    {"log_processor": {"custom_cfg": [{**STATISTIC, "window_size": "epoch"}]}},
    {"log_processor": {"by_epoch": False, "custom_cfg": [{**STATISTIC, "window_size": "epoch"}]}},
    {"log_processor": {"custom_cfg": [{**STATISTIC, "window_size": "all"}]}},
    {"log_processor": {"custom_cfg": [{**STATISTIC, "window_size": "global"}]}},
    {"log_processor": {"custom_cfg": [STATISTIC, STATISTIC]}},
    {"log_processor": {"custom_cfg": [{"data_src": "loss"}]}},
    {"param_scheduler": {"type": "StepLR", "step_size": 1, "by_epoch": True}},
    {"train_dataloader.sampler.type": "InfiniteSampler"},
    {"custom_hooks": [{"type": "EMAHook", "momentum": 0.1}]},
    {"custom_hooks": [{"type": "EMAHook", "momentm": 0.1}]},
    {"custom_hooks": [{"type": "EMAHook", "ema_type": "MomentumAnnealingEMA", "gamma": 10}]},
    {"custom_hooks": [{"type": "EMAHook", "ema_type": ExponentialMovingAverage, "gamma": 10}]},
    {"custom_hooks": [{"type": "EMAHook", "ema_type": "NoAverage"}]},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_a_run_starts_if_the_linter_finds_nothing(
    toy_cfg: Callable[..., Config], loop: dict[str, Any], changes: dict[str, Any]
) -> None:
    cfg = toy_cfg(train_cfg=loop, val_dataloader=None, val_cfg=None, val_evaluator=None)
    del cfg.param_scheduler
    cfg.merge_from_dict(changes)
    told = [str(each) for each in lint.check(cfg).errors]
    refused = ""
    try:
        Runner.from_cfg(cfg).train()
    except (ValueError, TypeError, LookupError) as error:
        refused = str(error)
    assert bool(told) == bool(refused), (told, refused)


def test_a_sampler_that_never_ends(toy_cfg: Callable[..., Config]) -> None:
    cfg = toy_cfg()
    cfg.train_dataloader.sampler.type = "InfiniteSampler"
    (finding,) = lint.check(cfg).errors
    assert finding.path == "train_dataloader.sampler"
    assert finding.message == "an InfiniteSampler never ends an epoch"


@pytest.mark.parametrize(
    ("scope", "kind", "message"),
    [
        ("mmbeta", None, ""),
        ("engine", "unknown-type", "in this scope model.type is wrong: 'EncoderDecoder' is not"),
        ("nowhere", "missing-library", "'nowhere'"),
    ],
)
def test_the_scope_of_an_inferencer(scope: str, kind: str | None, message: str) -> None:
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    cfg.inferencer = {"type": "SegInferencer", "scope": scope}
    found = [each for each in lint.check(cfg).errors if each.path == "inferencer.scope"]
    assert {each.kind for each in found} == ({kind} if kind else set())
    assert all(message in each.message for each in found[:1])


@pytest.mark.parametrize("path", ["custom_hooks.0.momentm", "optim_wrapper.optimizer.momentm"])
def test_options_that_are_handed_on(path: str) -> None:
    cfg = {
        "model": {"type": Net},
        "custom_hooks": [{"type": "EMAHook", "momentm": 0.1}],
        "train_dataloader": {"dataset": []},
        "train_cfg": {"max_epochs": 1},
        "optim_wrapper": {
            "optimizer": {
                "type": "ZeroRedundancyOptimizer",
                "optimizer_type": "SGD",
                "lr": 0.1,
                "momentm": 0.9,
            }
        },
    }
    (finding,) = [each for each in lint.check(cfg).errors if each.path == path]
    assert finding.kind == "unknown-argument"
    assert finding.suggestion == "did you mean 'momentum'?"
