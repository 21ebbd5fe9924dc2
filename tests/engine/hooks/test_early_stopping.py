"""When a training ends before its time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import EarlyStoppingHook
from engine.logging import MessageHub
from engine.runner import EpochBasedTrainLoop, Runner, find_latest_checkpoint, read_checkpoint

CfgMaker = Callable[..., Config]


class _Scores(BaseMetric):
    """Gives the value for the epoch that was trained last, whatever the model does."""

    def __init__(self, values: Sequence[float], name: str = "acc") -> None:
        super().__init__()
        self.values, self.name = values, name

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        epoch = MessageHub.get_current_instance().get_info("epoch")
        return {self.name: self.values[epoch]}


def run(
    toy_cfg: CfgMaker, values: Sequence[float], name: str = "acc", resume: bool = False, **hook: Any
) -> Runner:
    cfg = toy_cfg(
        train_cfg={"by_epoch": True, "max_epochs": len(values)},
        val_evaluator={"type": _Scores, "values": values, "name": name},
        default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        custom_hooks=[{"type": "EarlyStoppingHook", "monitor": name, **hook}],
        resume=resume,
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "name", "hook", "epochs"),
    [
        ([0.1, 0.3, 0.5, 0.7], "acc", {"patience": 1}, 4),
        ([0.1, 0.3, 0.35, 0.39, 0.9], "acc", {"patience": 2}, 4),
        ([0.1, 0.3, 0.35, 0.41, 0.41], "acc", {"patience": 2}, 5),  # it creeps, and arrives
        ([0.1, 0.3, 0.3, 0.3], "acc", {"patience": 1, "min_delta": 0}, 3),
        ([0.1, 0.2, 0.3, 0.2], "acc", {"patience": 1, "min_delta": 0}, 4),
        ([3.0, 2.0, 2.5, 1.0], "loss", {"patience": 1}, 3),
        ([3.0, 2.0, 2.5, 1.0], "loss", {"patience": 2}, 4),
        ([3.0, 2.0, 1.0, 0.5], "size", {"patience": 1, "rule": "greater"}, 2),
        ([0.1, NAN, 0.5], "acc", {}, 2),
        ([0.1, INF, 0.5], "acc", {}, 2),
        ([NAN, 0.3, 0.5, 0.5], "acc", {"check_finite": False, "patience": 1}, 4),
        ([0.1, NAN, 0.5], "acc", {"check_finite": False, "patience": 2}, 3),
        ([0.5, NAN, NAN, 0.9], "acc", {"check_finite": False, "patience": 2}, 3),
        ([NAN, NAN, NAN, 0.9], "acc", {"check_finite": False, "patience": 1}, 4),
        ([INF, 0.9, 0.5, 0.5], "loss", {"check_finite": False, "patience": 1}, 4),
        ([0.1, 0.5, 0.9, 0.95], "acc", {"stopping_threshold": 0.9}, 3),
        ([3.0, 0.2, 0.1], "loss", {"stopping_threshold": 0.5}, 2),
        ([0.1, 0.2, 0.3], "acc", {"stopping_threshold": 0.9}, 3),
    ],
)
def test_it_ends(
    toy_cfg: CfgMaker, values: list[float], name: str, hook: dict[str, Any], epochs: int
) -> None:
    assert run(toy_cfg, values, name, **hook).epoch == epochs


def test_what_was_seen_is_not_forgotten_by_a_resume(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    values = [0.5, 0.4, 0.4, 0.4, 0.4, 0.9]
    whole = run(toy_cfg, values, patience=3)
    assert whole.epoch == 4
    file = Path(whole.work_dir) / "epoch_3.pth"
    (Path(whole.work_dir) / "last_checkpoint").write_text(file.name)
    assert run(toy_cfg, values, patience=3, resume=True).epoch == 4
    again = run(toy_cfg, values, patience=3, resume=True)  # of a training that had ended
    assert (again.epoch, again.iter) == (4, 20)
    longer = run(toy_cfg, values, patience=5, resume=True)
    assert longer.epoch == 6


def test_the_end_is_saved_though_no_interval_ends_there(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(
        train_cfg={"by_epoch": True, "max_epochs": 9},
        val_evaluator={"type": _Scores, "values": [0.5] * 9},
        custom_hooks=[EarlyStoppingHook("acc", patience=1)],
        default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 5}},
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    latest = find_latest_checkpoint(runner.work_dir)
    assert latest is not None
    assert Path(latest).name == "epoch_2.pth"
    assert read_checkpoint(latest)["meta"]["epoch"] == 2
    cfg.resume = True
    again = Runner.from_cfg(cfg)
    again.train()
    assert again.epoch == 2


def test_another_training_of_the_runner_begins_anew(toy_cfg: CfgMaker) -> None:
    runner = run(toy_cfg, [0.5] * 4, patience=2)
    assert runner.epoch == 3
    runner.train()
    assert runner.epoch == 3


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    patience=st.integers(1, 4),
    delta=st.sampled_from([0.0, 0.1]),
)
def test_the_rules_mirror_each_other(values: list[float], patience: int, delta: float) -> None:
    def waited(rule: str, sign: float) -> list[bool]:
        hook = EarlyStoppingHook("m", rule=rule, min_delta=delta, patience=patience)
        runner = _Runner()
        return [runner.sees(hook, sign * value) for value in values]

    assert waited("greater", 1.0) == waited("less", -1.0)


class _Runner:
    """As much of a runner as the hook asks for."""

    def __init__(self) -> None:
        self.message_hub = MessageHub("early stopping")
        self.logger = logging.getLogger("engine")
        self.train_loop = self
        self.stop_training = False

    def sees(self, hook: EarlyStoppingHook, value: float) -> bool:
        hook.after_val_epoch(self, {"m": value})  # type: ignore[arg-type]  # a stand-in
        return self.stop_training


def test_a_missing_metric(toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture) -> None:
    hook: dict[str, Any] = {"monitor": "acc", "patience": 1, "rule": "less"}
    with caplog.at_level(logging.WARNING):
        assert run(toy_cfg, [0.5] * 4, "size", **hook).epoch == 4
    assert caplog.text.count("there is no metric 'acc'; there are size") == 1
    with pytest.raises(ValueError, match="EarlyStoppingHook: there is no metric 'acc'"):
        run(toy_cfg, [0.5] * 4, "size", strict=True, **hook)


class _Bare(EpochBasedTrainLoop):
    """A loop that can't be stopped."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        del self.stop_training


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="monitor='size': the name does not tell"):
        EarlyStoppingHook("size")
    with pytest.raises(ValueError, match="rule is 'greater' or 'less'; got 'more'"):
        EarlyStoppingHook("acc", rule="more")
    with pytest.raises(ValueError, match="patience is at least 1; got 0"):
        EarlyStoppingHook("acc", patience=0)
    with pytest.raises(ValueError, match="min_delta is at least 0"):
        EarlyStoppingHook("acc", min_delta=-0.1)
    cfg = toy_cfg(
        train_cfg={"type": _Bare, "max_epochs": 1}, custom_hooks=[EarlyStoppingHook("acc")]
    )
    with pytest.raises(TypeError, match="_Bare has no stop_training"):
        Runner.from_cfg(cfg).train()
