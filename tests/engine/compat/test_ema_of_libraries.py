"""Private attributes of MMEngine under which libraries find what is here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.config import Config
from engine.hooks import EMAHook, Hook
from engine.runner import Runner

CfgMaker = Callable[..., Config]
State = dict[str, Tensor]


class SwappingEMAHook(EMAHook):
    """Swaps the weights by the private methods, as hooks of libraries do."""

    def _swap(self) -> None:
        ours: Any = self
        ours._swap_ema_parameters()

    def before_val_epoch(self, runner: Any) -> None:
        self._swap()

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        self._swap()

    def before_test_epoch(self, runner: Any) -> None:
        self._swap()

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        self._swap()

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        ours: Any = self
        ours._swap_ema_state_dict(checkpoint)
        self.ema_model.load_state_dict(checkpoint["ema_state_dict"], strict=self.strict_load)


class _Watch(Hook):
    """Notes the weights with which each validation and test begins, runs and ends."""

    priority = "LOWEST"

    def __init__(self) -> None:
        self.seen: list[State] = []

    def _note(self, runner: Runner) -> None:
        self.seen.append({key: v.clone() for key, v in runner.model.state_dict().items()})

    def before_val(self, runner: Runner) -> None:
        self._note(runner)

    def before_test(self, runner: Runner) -> None:
        self._note(runner)

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        if mode != "train":
            self._note(runner)

    def after_val(self, runner: Runner) -> None:
        self._note(runner)

    def after_test(self, runner: Runner) -> None:
        self._note(runner)


def _run(toy_cfg: CfgMaker, hook: type[EMAHook], options: Any, **changes: Any) -> tuple[Any, ...]:
    """Train and test, and return the weights, the average and the weights that were seen."""
    watch = _Watch()
    average = hook(momentum=0.1, **options)
    saves = {"checkpoint": {"type": "CheckpointHook", "interval": 1}}
    cfg = toy_cfg(custom_hooks=[average, watch], default_hooks=saves, **changes)
    runner = Runner.from_cfg(cfg)
    runner.train()
    runner.test()
    return runner.model.state_dict(), average.ema_model.state_dict(), watch.seen


@pytest.mark.usefixtures("mmengine")
@pytest.mark.parametrize("options", [{}, {"update_buffers": True}, {"begin_epoch": 3}])
def test_a_hook_that_swaps_averages_itself_does_what_ours_does(
    toy_cfg: CfgMaker, tmp_path: Path, options: dict[str, Any]
) -> None:
    expected = _run(toy_cfg, EMAHook, options)
    whole = _run(toy_cfg, SwappingEMAHook, options)
    torch.testing.assert_close(whole, expected, rtol=0, atol=0)
    for before, after in zip(whole[2][::3], whole[2][2::3], strict=True):
        torch.testing.assert_close(before, after, rtol=0, atol=0)
    for epoch in (1, 2):
        point = {"resume": str(tmp_path / "run" / f"epoch_{epoch}.pth")}
        folder = {"work_dir": str(tmp_path / f"resumed_{epoch}")}
        resumed = _run(toy_cfg, SwappingEMAHook, options, **point, **folder)
        torch.testing.assert_close(resumed[:2], expected[:2], rtol=0, atol=0)
        later = expected[2][3 * epoch - 3 :]  # the validation of that epoch comes again
        torch.testing.assert_close(resumed[2], later, rtol=0, atol=0)


@pytest.mark.usefixtures("mmengine")
def test_the_trained_weights_come_back_when_an_evaluation_fails(toy_cfg: CfgMaker) -> None:
    class Breaks(Hook):
        def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
            raise OSError("the disk is gone")

    runner = Runner.from_cfg(toy_cfg(custom_hooks=[SwappingEMAHook(), Breaks()]))
    trained = {key: v.clone() for key, v in runner.train().state_dict().items()}
    with pytest.raises(OSError, match="the disk is gone"):
        runner.test()
    torch.testing.assert_close(dict(runner.model.state_dict()), trained, rtol=0, atol=0)
