"""Parts count what the training loop counts, unless they say otherwise and that fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.hooks import Hook
from engine.optim.scheduler import MultiStepLR
from engine.runner import Runner

CfgMaker = Callable[..., Config]

LOOPS: dict[str, dict[str, Any]] = {
    "epoch": {"train_cfg": {"max_epochs": 4}},  # of five iterations each
    "iter": {"train_cfg": {"by_epoch": False, "max_iters": 12, "val_interval": 4}},
}
LENGTH = {"epoch": 4, "iter": 12}
ENDS = {
    "CosineAnnealingLR": ({}, {"T_max": 4}),
    "PolyLR": ({"power": 0.9}, {"end": 4}),
    "LinearLR": ({"start_factor": 0.1}, {"end": 4}),
    "OneCycleLR": ({"eta_max": 0.1}, {"total_steps": 4}),
}


class Rates(Hook):
    """Keeps the learning rate of each iteration."""

    priority = "VERY_HIGH"

    def __init__(self) -> None:
        self.rates: list[float] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.rates.append(runner.optim_wrapper.get_lr()["lr"][0])


def rates_of(toy_cfg: CfgMaker, unit: str, scheduler: Any) -> list[float]:
    """Return the learning rates over epochs, or over iterations."""
    watch = Rates()
    hooks = {"checkpoint": None, "logger": None}
    cfg = toy_cfg(
        **LOOPS[unit], param_scheduler=scheduler, custom_hooks=[watch], default_hooks=hooks
    )
    Runner.from_cfg(cfg).train()
    return watch.rates[:: 5 if unit == "epoch" else 1]


@pytest.mark.parametrize("unit", LOOPS)
def test_a_scheduler_counts_what_the_loop_counts(toy_cfg: CfgMaker, unit: str) -> None:
    rates = rates_of(toy_cfg, unit, {"type": "MultiStepLR", "milestones": [1, 3]})
    assert rates[:4] == pytest.approx([0.5, 0.05, 0.05, 0.005])
    assert rates[4:] == pytest.approx([0.005] * (LENGTH[unit] - 4))


@pytest.mark.parametrize("unit", LOOPS)
@pytest.mark.parametrize("kind", ENDS)
def test_a_curve_without_an_end_takes_that_of_the_training(
    toy_cfg: CfgMaker, kind: str, unit: str
) -> None:
    options, end = ENDS[kind]
    length = dict.fromkeys(end, LENGTH[unit])
    without = rates_of(toy_cfg, unit, {"type": kind, **options})
    assert without == rates_of(toy_cfg, unit, {"type": kind, **options, **length})
    assert without[0] != without[-1]


@pytest.mark.parametrize("kind", ENDS)
def test_a_converted_curve_ends_with_the_training(toy_cfg: CfgMaker, kind: str) -> None:
    options, end = ENDS[kind]
    cfg = {"type": kind, **options, "convert_to_iter_based": True}
    assert rates_of(toy_cfg, "epoch", cfg) == rates_of(toy_cfg, "epoch", {**cfg, **end})


def test_iterations_may_be_counted_in_a_loop_of_epochs(toy_cfg: CfgMaker) -> None:
    cfg = {"type": "CosineAnnealingLR", "by_epoch": False}
    assert rates_of(toy_cfg, "epoch", cfg) == rates_of(toy_cfg, "epoch", {**cfg, "T_max": 20})


def test_a_plateau_is_of_validations_in_both_loops(toy_cfg: CfgMaker) -> None:
    cfg = {"type": "ReduceOnPlateauLR", "monitor": "count", "patience": 0}
    for unit in LOOPS:
        assert rates_of(toy_cfg, unit, cfg)[-1] < 0.5


def _train(toy_cfg: CfgMaker, unit: str, **changes: Any) -> Runner:
    runner = Runner.from_cfg(toy_cfg(**LOOPS[unit], **{"param_scheduler": None, **changes}))
    runner.train()
    return runner


@pytest.mark.parametrize(
    ("unit", "names"),
    [("epoch", ["epoch_2.pth", "epoch_4.pth"]), ("iter", [f"iter_{n}.pth" for n in (10, 12, 8)])],
)
def test_checkpoints_are_saved_by_the_unit_of_the_loop(
    toy_cfg: CfgMaker, unit: str, names: list[str]
) -> None:
    saves = {"type": "CheckpointHook", "interval": 2, "max_keep_ckpts": 3, "save_best": "acc"}
    runner = _train(toy_cfg, unit, default_hooks={"checkpoint": saves})
    found = sorted(path.name for path in Path(runner.work_dir).glob("[!b]*.pth"))
    assert found == names
    (best,) = Path(runner.work_dir).glob("best_*.pth")
    assert best.name.startswith(f"best_acc_{unit}_")
    hooks = [hook for hook in runner.hooks if type(hook).__name__ == "CheckpointHook"]
    other = "iter" if unit == "epoch" else "epoch"
    again = _train(  # a hook that counted one unit counts the other one in another run
        toy_cfg, other, default_hooks={"checkpoint": hooks[0]}, work_dir=f"{runner.work_dir}_2"
    )
    assert [*Path(again.work_dir).glob(f"{other}_*.pth")]
    assert not [*Path(again.work_dir).glob(f"{unit}_*.pth")]


@pytest.mark.parametrize("unit", LOOPS)
def test_lines_and_metrics_are_of_the_unit_of_the_loop(toy_cfg: CfgMaker, unit: str) -> None:
    logs = {"type": "LoggerHook", "interval": 4}
    runner = _train(toy_cfg, unit, default_hooks={"logger": logs}, log_level="INFO")
    text = next(Path(runner.log_dir).glob("*.log")).read_text()
    expected = {
        "epoch": ["Epoch(train) [2][3/5]", "Epoch(val) [4][5/5]  acc: "],
        "iter": ["Iter(train) [8/12]", "Iter(val) [5/5]  acc: "],
    }
    assert all(each in text for each in expected[unit])
    assert not any(each in text for each in expected["iter" if unit == "epoch" else "epoch"])
    lines = Path(runner.log_dir, "vis_data", "scalars.json").read_text().splitlines()
    steps = [line["step"] for line in map(json.loads, lines) if "acc" in line]
    assert steps == {"epoch": [1, 2, 3, 4], "iter": [4, 8, 12]}[unit]


@pytest.mark.parametrize(
    ("changes", "owner"),
    [
        ({"param_scheduler": {"type": "StepLR", "step_size": 1, "by_epoch": True}}, "StepLR"),
        ({"default_hooks": {"checkpoint": {"type": "CheckpointHook", "by_epoch": True}}}, "Check"),
        ({"custom_hooks": [{"type": "ProfilerHook", "by_epoch": True}]}, "ProfilerHook"),
        ({"default_hooks": {"logger": {"type": "LoggerHook", "log_metric_by_epoch": True}}}, "Log"),
        ({"log_processor": {"by_epoch": True}}, "LogProcessor"),
    ],
)
def test_what_is_said_to_count_epochs_needs_epochs(
    toy_cfg: CfgMaker, changes: dict[str, Any], owner: str
) -> None:
    _train(toy_cfg, "epoch", **changes)
    error = f"{owner}.* is set to count epochs, but the training counts iterations"
    with pytest.raises(ValueError, match=error):
        _train(toy_cfg, "iter", **changes)


def test_an_object_that_counts_epochs_needs_them_too(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg(**LOOPS["iter"]))
    runner.train_loop = runner.build_train_loop(
        runner.cfg.train_cfg.to_dict(), runner.cfg.train_dataloader
    )
    runner.optim_wrapper = runner.build_optim_wrapper(runner.cfg.optim_wrapper)
    scheduler = MultiStepLR(runner.optim_wrapper, milestones=[4, 8])
    with pytest.raises(ValueError, match="MultiStepLR is set to count epochs, but"):
        runner.build_param_scheduler(scheduler)


def test_a_window_of_an_epoch_needs_epochs(toy_cfg: CfgMaker) -> None:
    mean = {"data_src": "loss", "method_name": "mean", "window_size": "epoch"}
    _train(toy_cfg, "epoch", log_processor={"custom_cfg": [mean]})
    with pytest.raises(ValueError, match=r"custom_cfg\.0\.window_size is 'epoch', which"):
        _train(toy_cfg, "iter", log_processor={"custom_cfg": [mean]})
