"""Averaged weights: where they are used, and that a resumed run goes on with them."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.config import Config
from engine.hooks import EMAHook, Hook
from engine.model import BaseModel
from engine.runner import Runner, TrainingInterrupted, read_checkpoint

CfgMaker = Callable[..., Config]
State = dict[str, Tensor]

BY_EPOCH = {"train_cfg": {"by_epoch": True, "max_epochs": 3}}
BY_ITER = {"train_cfg": {"by_epoch": False, "max_iters": 15, "val_interval": 4}}


class NormModel(BaseModel):
    """A classifier with dropout and batch normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.fc = nn.Linear(4, 3)
        self.drop = nn.Dropout(0.3)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.fc(self.drop(self.norm(inputs)))
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out, data_samples)}
        pairs = zip(out.argmax(1), data_samples, strict=True)
        return [{"pred": pred, "label": label} for pred, label in pairs]


class _Watch(Hook):
    """Notes the weights after each step, and those with which validation and test run."""

    priority = "LOWEST"

    def __init__(self) -> None:
        self.trained: list[State] = []
        self.seen: dict[str, list[State]] = {"val": [], "test": []}

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self.trained.append(_weights(runner))

    def _before_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, mode: str = "train"
    ) -> None:
        if mode != "train" and batch_idx == 0:
            self.seen[mode].append(_weights(runner))


class _Breaks(Hook):
    """Lets a validation or test fail in its second batch, or be stopped by a signal."""

    def __init__(self, mode: str = "val", iteration: int = 0, signum: int = 0) -> None:
        self.mode, self.iteration, self.signum = mode, iteration, signum

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = "train",
    ) -> None:
        if mode == self.mode and runner.iter >= self.iteration and (mode == "train" or batch_idx):
            if not self.signum:
                raise OSError("the disk is gone")
            os.kill(os.getpid(), self.signum)


def _weights(runner: Runner) -> State:
    return {key: value.clone() for key, value in runner.model.state_dict().items()}


def _averaged(states: list[State], momentum: float) -> State:
    """Return the moving average, computed in float64, with the buffers of the last state."""
    average = {key: value.double() for key, value in states[0].items()}
    for state in states[1:]:
        for key, value in state.items():
            share = 1.0 if "running" in key or "num_" in key else momentum
            average[key] = (1 - share) * average[key] + share * value.double()
    return average


def _close(state: State, expected: State) -> None:
    for key, value in expected.items():
        torch.testing.assert_close(state[key].double(), value.double(), rtol=1e-5, atol=1e-6)


def _equal(state: State, expected: State) -> None:
    torch.testing.assert_close(state, expected, rtol=0, atol=0)


def _hook(runner: Runner) -> EMAHook:
    return next(hook for hook in runner.hooks if isinstance(hook, EMAHook))


def _runner(toy_cfg: CfgMaker, *hooks: Any, **changes: Any) -> Runner:
    return Runner.from_cfg(toy_cfg(model={"type": NormModel}, custom_hooks=list(hooks), **changes))


EMA = {"type": "EMAHook", "momentum": 0.1}


def test_validation_and_test_use_the_average_and_training_does_not_feel_it(
    toy_cfg: CfgMaker,
) -> None:
    plain = _runner(toy_cfg)
    plain.train()
    watch = _Watch()
    runner = _runner(toy_cfg, EMA, watch)
    runner.train()
    _equal(_weights(runner), _weights(plain))
    assert len(watch.seen["val"]) == 3
    for epoch, seen in enumerate(watch.seen["val"], 1):
        _close(seen, _averaged(watch.trained[: 5 * epoch], 0.1))
        assert not torch.equal(seen["fc.weight"], watch.trained[5 * epoch - 1]["fc.weight"])
    runner.test()
    runner.val()
    _equal(watch.seen["test"][0], watch.seen["val"][2])
    _equal(watch.seen["val"][3], watch.seen["val"][2])
    _equal(_weights(runner), _weights(plain))


def test_a_checkpoint_holds_the_average_and_the_trained_weights(toy_cfg: CfgMaker) -> None:
    watch = _Watch()
    checkpoint_cfg = {"type": "CheckpointHook", "interval": 1, "save_best": "count"}
    checkpoint_cfg["rule"] = "less"
    runner = _runner(toy_cfg, EMA, watch, default_hooks={"checkpoint": checkpoint_cfg})
    runner.train()
    for epoch in (1, 3):
        checkpoint = read_checkpoint(Path(runner.work_dir) / f"epoch_{epoch}.pth")
        steps = watch.trained[: 5 * epoch]
        _close(checkpoint["state_dict"], _averaged(steps, 0.1))
        ema = checkpoint["ema_state_dict"]
        assert ema.pop("steps") == 5 * epoch
        _equal({key.removeprefix("module."): value for key, value in ema.items()}, steps[-1])
    best = read_checkpoint(Path(runner.work_dir) / "best_count_epoch_1.pth")
    _equal(best["state_dict"], watch.seen["val"][0])


def test_who_loads_it_tests_with_the_average(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    trained = _runner(toy_cfg, EMA)
    trained.train()
    expected = trained.test()
    file = str(Path(trained.work_dir) / "epoch_3.pth")
    for hooks in ([], [EMA]):
        watch = _Watch()
        other = str(tmp_path / "other")
        runner = _runner(toy_cfg, *hooks, watch, load_from=file, work_dir=other)
        assert runner.test() == expected
        _equal(watch.seen["test"][0], read_checkpoint(file)["state_dict"])
    runner.train()
    runner.load_checkpoint(file)  # ends the average of the training before
    assert runner.test() == expected


def test_another_training_begins_another_average(toy_cfg: CfgMaker) -> None:
    first = _runner(toy_cfg, EMA)
    first.train()
    watch = _Watch()
    file = str(Path(first.work_dir) / "epoch_3.pth")
    runner = _runner(toy_cfg, EMA, watch, load_from=file)
    runner.train()
    _close(watch.seen["val"][0], _averaged(watch.trained[:5], 0.1))
    runner.train()
    _close(watch.seen["val"][-1], _averaged(watch.trained[15:], 0.1))


@pytest.mark.parametrize(
    ("options", "changes", "begin"),
    [
        ({"begin_iter": 4}, BY_EPOCH, 4),
        ({"begin_epoch": 2}, BY_EPOCH, 6),
        ({"begin_iter": 1}, BY_ITER, 1),
        ({"begin_iter": 15}, BY_ITER, 15),
    ],
)
def test_it_may_begin_later(
    toy_cfg: CfgMaker, options: dict[str, int], changes: dict[str, Any], begin: int
) -> None:
    watch = _Watch()
    runner = _runner(toy_cfg, {**EMA, **options}, watch, param_scheduler=None, **changes)
    runner.train()
    done = (5, 10, 15) if changes is BY_EPOCH else (4, 8, 12, 15)
    for count, seen in zip(done, watch.seen["val"], strict=True):
        if count < begin:
            _equal(seen, watch.trained[count - 1])
        else:
            _close(seen, _averaged(watch.trained[begin - 1 : count], 0.1))


@pytest.mark.parametrize("mode", ["val", "test"])
def test_the_trained_weights_come_back_when_an_evaluation_fails(
    toy_cfg: CfgMaker, mode: str
) -> None:
    watch = _Watch()
    runner = _runner(toy_cfg, EMA, watch, _Breaks(mode))
    if mode == "test":
        runner.train()
    with pytest.raises(OSError, match="the disk is gone"):
        getattr(runner, "train" if mode == "val" else "test")()
    assert watch.seen[mode]
    _equal(_weights(runner), watch.trained[-1])


def _states(runner: Runner) -> dict[str, Any]:
    return {
        "weights": runner.model.state_dict(),
        "average": _hook(runner).ema_model.state_dict(),
        "optimizer": runner.optim_wrapper.state_dict()["state"],
        "metrics": runner.message_hub.get_scalar("val/acc").data[0],
        "losses": runner.message_hub.get_scalar("train/loss").data[0],
        "draw": torch.rand(3),
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    loop=st.sampled_from([BY_EPOCH, BY_ITER]),
    point=st.sampled_from(["train", "val"]),
    iteration=st.integers(0, 14),
    counts=st.sampled_from([1, 3]),
    ema=st.fixed_dictionaries(
        {
            "ema_type": st.sampled_from(
                ["ExponentialMovingAverage", "MomentumAnnealingEMA", "StochasticWeightAverage"]
            ),
            "interval": st.sampled_from([1, 2]),
            "update_buffers": st.booleans(),
            "begin_iter": st.sampled_from([0, 7]),
        }
    ),
)
def test_a_run_that_is_resumed_ends_as_one_that_was_not(
    toy_cfg: CfgMaker,
    loop: dict[str, Any],
    point: str,
    iteration: int,
    counts: int,
    ema: dict[str, Any],
) -> None:
    def run(folder: str, *hooks: Hook, resume: bool = False) -> Runner:
        cfg = toy_cfg(work_dir=folder, resume=resume, log_level="ERROR", **loop)
        cfg.model = {"type": NormModel}
        cfg.optim_wrapper.accumulative_counts = counts
        cfg.custom_hooks = [{"type": "EMAHook", **ema}, *hooks]
        runner = Runner.from_cfg(cfg)
        runner.train()
        return runner

    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as halves:
        expected = _states(run(whole))
        with pytest.raises(TrainingInterrupted):
            run(halves, _Breaks(point, iteration, signal.SIGINT))
        torch.manual_seed(1234)  # as another process would have it
        resumed = run(halves, resume=True)
        torch.testing.assert_close(_states(resumed), expected, rtol=0, atol=0)


def test_resume_from_a_checkpoint_without_an_average(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    saves = {"checkpoint": {"type": "CheckpointHook", "interval": 1}}
    first = _runner(toy_cfg, default_hooks=saves)
    first.train()
    watch = _Watch()
    file = str(Path(first.work_dir) / "epoch_1.pth")
    runner = _runner(toy_cfg, EMA, watch, load_from=file, resume=True)
    with caplog.at_level(logging.WARNING):
        runner.train()
    assert "The checkpoint has no average of weights; a new one begins" in caplog.text
    _equal(_weights(runner), _weights(first))
    _close(watch.seen["val"][-1], _averaged(watch.trained, 0.1))


@pytest.mark.parametrize("strict", [False, True])
def test_an_average_that_does_not_fit(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture, strict: bool
) -> None:
    saves = {"checkpoint": {"type": "CheckpointHook", "interval": 1}}
    first = _runner(toy_cfg, EMA, default_hooks=saves)
    first.train()
    file = Path(first.work_dir) / "epoch_1.pth"
    checkpoint = read_checkpoint(file)
    checkpoint["ema_state_dict"]["module.gone"] = checkpoint["ema_state_dict"].pop("module.fc.bias")
    torch.save(checkpoint, file)
    hook = {**EMA, "strict_load": strict}
    runner = _runner(toy_cfg, hook, load_from=str(file), resume=True)
    text = r"missing \['fc.bias'\], unexpected \['gone'\]"
    if strict:
        with pytest.raises(ValueError, match=f"EMAHook: the average in the checkpoint.*{text}"):
            runner.train()
        return
    with caplog.at_level(logging.WARNING):
        runner.train()
    assert "The average in the checkpoint is not one of this model" in caplog.text


def test_a_checkpoint_before_any_run(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    runner = _runner(toy_cfg, EMA)
    runner.save_checkpoint(str(tmp_path), "x.pth", save_optimizer=False)
    checkpoint = read_checkpoint(tmp_path / "x.pth")
    assert "ema_state_dict" not in checkpoint
    _equal(checkpoint["state_dict"], _weights(runner))


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="set begin_iter or begin_epoch, not both"):
        EMAHook(begin_iter=1, begin_epoch=1)
    with pytest.raises(ValueError, match="are at least 0; got -1 and 0"):
        EMAHook(begin_iter=-1)
    for name, most in (("epoch", 3), ("iter", 15)):
        with pytest.raises(ValueError, match=f"begin_{name}=16 is after the end of .*, {most}"):
            _runner(toy_cfg, {**EMA, f"begin_{name}": 16}).train()
    with pytest.raises(TypeError, match="a subclass of BaseAveragedModel; got Identity"):
        _runner(toy_cfg, {"type": "EMAHook", "ema_type": _identity}).train()


def _identity(model: nn.Module) -> nn.Module:
    return nn.Identity()


def test_it_pays_for_no_point_between_iterations() -> None:
    points = EMAHook().get_triggered_stages()
    assert "after_train_iter" in points
    assert not {"before_train_iter", "before_val_iter", "after_val_iter"} & set(points)
