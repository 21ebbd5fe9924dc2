"""When checkpoints are saved, and which are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import CheckpointHook
from engine.runner import Runner, find_latest_checkpoint, read_checkpoint

CfgMaker = Callable[..., Config]


class _Given(BaseMetric):
    """Gives the same values, one after the other, whatever the model does."""

    def __init__(self, **values: Sequence[float]) -> None:
        super().__init__()
        self.values, self.number = values, 0

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        self.number += 1
        return {name: values[self.number - 1] for name, values in self.values.items()}


def run(cfg: Config, **hook: Any) -> Runner:
    cfg.default_hooks = {"checkpoint": {"type": "CheckpointHook", **hook}}
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def names(runner: Runner) -> set[str]:
    return {path.name for path in Path(runner.work_dir).glob("*.pth")}


@pytest.fixture
def epochs(toy_cfg: CfgMaker) -> Config:
    """A training of five epochs, which is not validated."""
    no_val = {"val_dataloader": None, "val_cfg": None, "val_evaluator": None}
    return toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 5}, **no_val)


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        ({}, {5}),
        ({"interval": 2}, {2, 4, 5}),
        ({"interval": 2, "save_last": False}, {2, 4}),
        ({"interval": 1, "save_begin": 4}, {4, 5}),
        ({"interval": 2, "save_begin": 1, "save_last": False}, {1, 3, 5}),
        ({"interval": 1, "max_keep_ckpts": 2}, {4, 5}),
        ({"interval": 2, "max_keep_ckpts": 1}, {5}),
        ({"save_last": False}, set()),
    ],
)
def test_intervals_of_epochs(epochs: Config, options: dict[str, Any], saved: set[int]) -> None:
    runner = run(epochs, **options)
    assert names(runner) == {f"epoch_{number}.pth" for number in saved}
    latest = find_latest_checkpoint(runner.work_dir)
    if saved:
        assert latest is not None
        assert read_checkpoint(latest)["meta"]["epoch"] == max(saved)
    else:
        assert latest is None


def test_intervals_of_iterations(epochs: Config) -> None:
    epochs.train_cfg = {"by_epoch": False, "max_iters": 8}
    epochs.param_scheduler = None
    runner = run(
        epochs, by_epoch=False, interval=3, save_optimizer=False, filename_tmpl="at_{}.pth"
    )
    assert names(runner) == {"at_3.pth", "at_6.pth", "at_8.pth"}
    checkpoint = read_checkpoint(Path(runner.work_dir) / "at_6.pth")
    assert checkpoint["meta"]["iter"] == 6
    assert "optimizer" not in checkpoint
    assert "param_schedulers" in checkpoint


def test_another_folder_is_found_when_the_run_goes_on(epochs: Config, tmp_path: Path) -> None:
    runner = run(epochs, out_dir=str(tmp_path / "elsewhere"), save_param_scheduler=False)
    assert names(runner) == set()
    latest = find_latest_checkpoint(runner.work_dir)
    assert latest is not None
    assert Path(latest).resolve() == tmp_path / "elsewhere" / "epoch_5.pth"
    assert "param_schedulers" not in read_checkpoint(latest)


@pytest.mark.parametrize(
    ("options", "best"),
    [
        ({"save_best": "acc"}, {"best_acc_epoch_2.pth"}),
        ({"save_best": "auto"}, {"best_acc_epoch_2.pth"}),
        ({"save_best": "acc", "rule": "less"}, {"best_acc_epoch_3.pth"}),
        ({"save_best": "error"}, {"best_error_epoch_1.pth"}),
        ({"save_best": "size", "rule": "greater"}, {"best_size_epoch_4.pth"}),
        ({"save_best": ["acc", "error"]}, {"best_acc_epoch_2.pth", "best_error_epoch_1.pth"}),
        (
            {"save_best": ["size", "acc"], "rule": ["less", "greater"]},
            {"best_size_epoch_1.pth", "best_acc_epoch_2.pth"},
        ),
    ],
)
def test_the_best_by_a_rule(toy_cfg: CfgMaker, options: dict[str, Any], best: set[str]) -> None:
    metric = {
        "type": _Given,
        "acc": [0.5, 0.75, 0.25, 0.75],
        "error": [1, 2, 3, 4],
        "size": [1, 2, 3, 4],
    }
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 4}, val_evaluator=metric)
    runner = run(cfg, save_last=False, **options)
    assert names(runner) == best
    for name in best:
        epoch = int(name.removesuffix(".pth").rpartition("_")[2])
        assert read_checkpoint(Path(runner.work_dir) / name)["meta"]["epoch"] == epoch


def test_the_best_by_iterations_and_with_a_prefix(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(
        train_cfg={"by_epoch": False, "max_iters": 6, "val_interval": 2},
        param_scheduler=None,
        val_evaluator={"type": _Given, "prefix/mIoU": [0.1, 0.3, 0.2]},
    )
    runner = run(cfg, by_epoch=False, save_best="prefix/mIoU", max_keep_ckpts=1, interval=2)
    assert names(runner) == {"best_prefix_mIoU_iter_4.pth", "iter_6.pth"}


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="save_best='size': the name does not tell"):
        CheckpointHook(save_best="size")
    with pytest.raises(ValueError, match="rule 'less' does not fit save_best"):
        CheckpointHook(save_best=["a", "b"], rule="less")
    with pytest.raises(ValueError, match="rule is 'greater' or 'less'; got 'more'"):
        CheckpointHook(save_best="a", rule="more")
    with pytest.raises(ValueError, match="there is no metric 'recall'; there are acc, count"):
        run(toy_cfg(), save_best="recall")
