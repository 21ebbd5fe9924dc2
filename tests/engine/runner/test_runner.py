"""The Runner from its config to a trained model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.config import Config
from engine.hooks import Hook
from engine.runner import Priority, Runner, get_priority

CfgMaker = Callable[..., Config]


class _Story(Hook):
    """Writes down which points were called."""

    def __init__(self) -> None:
        self.points: list[str] = []

    def before_train(self, runner: Runner) -> None:
        self.points.append("train")

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        self.points.append(f"{mode} epoch {runner.epoch}")

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        assert metrics is not None
        self.points.append(f"count {metrics['count']}")

    def after_train(self, runner: Runner) -> None:
        self.points.append("done")


def test_training_by_epochs(toy_cfg: CfgMaker) -> None:
    story = _Story()
    runner = Runner.from_cfg(
        toy_cfg(
            train_cfg={"by_epoch": True, "max_epochs": 3, "val_interval": 2}, custom_hooks=[story]
        )
    )
    assert runner.train() is runner.model
    assert story.points == [
        "train",
        "train epoch 0",
        "train epoch 1",
        "val epoch 2",
        "count 40",
        "train epoch 2",
        "val epoch 3",
        "count 40",
        "done",
    ]
    assert (runner.epoch, runner.iter, runner.max_iters) == (3, 15, 15)


def test_training_by_iterations(toy_cfg: CfgMaker) -> None:
    story = _Story()
    cfg = toy_cfg(
        train_cfg={"by_epoch": False, "max_iters": 12, "val_interval": 5},
        param_scheduler={"type": "LinearLR", "by_epoch": False, "end": 12},
        custom_hooks=[story],
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert story.points.count("count 40") == 3  # after 5, 10 and 12 iterations
    assert runner.iter == 12


@pytest.mark.parametrize("accumulative_counts", [1, 3])
def test_weights_equal_those_of_a_plain_loop(toy_cfg: CfgMaker, accumulative_counts: int) -> None:
    cfg = toy_cfg(val_dataloader=None, val_cfg=None, val_evaluator=None)
    cfg.optim_wrapper.accumulative_counts = accumulative_counts
    runner = Runner.from_cfg(cfg)
    plain: Any = type(runner.model)()
    plain.load_state_dict(runner.model.state_dict())
    torch.manual_seed(1)
    runner.train()

    torch.manual_seed(1)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.5, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    loader = runner.train_dataloader
    done, total = 0, 3 * len(loader)
    plain.train()
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        loader.generator = torch.Generator()  # without one the loader draws from the global one
        for batch in loader:
            group = accumulative_counts
            if total % group and done >= total - total % group:
                group = total % group
            loss = plain(**batch, mode="loss")["loss"]
            (loss / group if group > 1 else loss).backward()
            done += 1
            if done % accumulative_counts == 0 or done == total:
                optimizer.step()
                optimizer.zero_grad()
        schedule.step()
    for ours, theirs in zip(runner.model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_what_a_run_leaves_in_its_folder(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(
        default_hooks={
            "checkpoint": {"type": "CheckpointHook", "interval": 1, "max_keep_ckpts": 2},
            "logger": {"type": "LoggerHook", "interval": 5},
        },
        log_level="INFO",
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    folder = Path(runner.work_dir)
    assert {path.name for path in folder.glob("*.pth")} == {"epoch_2.pth", "epoch_3.pth"}
    assert (folder / "last_checkpoint").read_text() == "epoch_3.pth"
    assert Config.fromfile(folder / "config.py").train_cfg.max_epochs == 3
    log = (Path(runner.log_dir) / f"{runner.timestamp}.log").read_text()
    assert "Epoch(train) [3][5/5]  lr: 1.2500e-01" in log
    lines = (Path(runner.log_dir) / "vis_data" / "scalars.json").read_text().splitlines()
    values = [json.loads(line) for line in lines]
    assert [value["step"] for value in values if "loss" in value] == [5, 10, 15]
    assert [value["step"] for value in values if "acc" in value] == [1, 2, 3]


def test_the_best_checkpoint_is_kept(toy_cfg: CfgMaker) -> None:
    hook = {"type": "CheckpointHook", "interval": -1, "save_last": False, "save_best": "acc"}
    runner = Runner.from_cfg(toy_cfg(default_hooks={"checkpoint": hook}))
    runner.train()
    [best] = Path(runner.work_dir).glob("*.pth")
    history = runner.message_hub.get_scalar("val/acc").data[0].tolist()
    assert best.name == f"best_acc_epoch_{history.index(max(history)) + 1}.pth"
    other = Runner.from_cfg(toy_cfg(load_from=str(best)))
    assert other.test()["acc"] == max(history)


def test_test_gives_the_metric_of_the_validation_again(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg())
    runner.train()
    assert runner.test() == runner.val()


def test_several_runs_within_a_second_have_folders_of_their_own(toy_cfg: CfgMaker) -> None:
    runners = [Runner.from_cfg(toy_cfg()) for _ in range(3)]
    assert len({runner.log_dir for runner in runners}) == 3


def test_parts_that_belong_together(toy_cfg: CfgMaker) -> None:
    with pytest.raises(
        ValueError, match="train_dataloader and optim_wrapper given without train_cfg"
    ):
        Runner.from_cfg(toy_cfg(train_cfg=None))
    with pytest.raises(ValueError, match="val_dataloader and val_evaluator given without val_cfg"):
        Runner.from_cfg(toy_cfg(val_cfg=None))
    with pytest.raises(ValueError, match="the config of a run needs model and work_dir"):
        Runner.from_cfg({})
    runner = Runner.from_cfg(toy_cfg(test_dataloader=None, test_cfg=None, test_evaluator=None))
    with pytest.raises(ValueError, match="the runner was made without a test"):
        runner.test()


def test_parts_may_be_objects(tmp_path: Path, toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg()
    built = Runner.from_cfg(cfg)
    model = built.model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    from engine.optim import OptimWrapper

    runner = Runner(
        model=model,
        work_dir=str(tmp_path / "objects"),
        train_dataloader=built.build_dataloader(cfg.train_dataloader),
        train_cfg={"max_epochs": 1},
        optim_wrapper=OptimWrapper(optimizer),
        log_level="ERROR",
    )
    before = built.model.fc.weight.clone()
    assert runner.train() is model
    assert not torch.equal(before, built.model.fc.weight)


def test_mixed_precision_trains(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg()
    cfg.optim_wrapper.type = "AmpOptimWrapper"
    runner = Runner.from_cfg(cfg)
    before = runner.model.fc.weight.clone()
    runner.train()
    assert runner.model.fc.weight.dtype == torch.float32
    assert not torch.equal(before, runner.model.fc.weight)


def test_auto_scale_lr(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(auto_scale_lr={"enable": True, "base_batch_size": 16}, param_scheduler=None)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.optim_wrapper.get_lr() == {"lr": [0.25]}


def test_hooks_by_priority(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(toy_cfg(default_hooks={"checkpoint": None}))
    first, last = _Story(), _Story()
    runner.register_hook(last, "LOWEST")
    runner.register_hook(first, 0)
    runner.register_hook({"type": _Story, "priority": "HIGHEST"})
    assert runner.hooks[0] is first
    assert isinstance(runner.hooks[1], _Story)
    assert runner.hooks[-1] is last
    assert "CheckpointHook" not in runner.get_hooks_info()
    assert "before_train:\n(HIGHEST     ) _Story" in runner.get_hooks_info()
    with pytest.raises(TypeError, match="a hook is a subclass of"):
        runner.register_hook(nn.Identity())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hooks have no point 'before_lunch'"):
        runner.call_hook("before_lunch")


def test_priorities() -> None:
    assert get_priority("normal") == get_priority(Priority.NORMAL) == get_priority(50)
    for bad in ("URGENT", 101, -1):
        with pytest.raises(ValueError, match="a priority is a number from 0 to 100"):
            get_priority(bad)
