"""Attributes under the names by which libraries written for MMEngine read them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.config import Config
from engine.dataset import BaseDataset
from engine.hooks import IterTimerHook
from engine.model import BaseModule, ExponentialMovingAverage
from engine.optim import DefaultOptimWrapperConstructor
from engine.runner import IterBasedTrainLoop, Runner
from engine.visualization import BaseVisBackend, LocalVisBackend, Visualizer

pytestmark = pytest.mark.usefixtures("mmengine")


class FirstLetters(BaseDataset):
    """Three samples."""

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return them."""
        return [{"letter": each} for each in "abc"]


def test_an_alias_gives_way_to_what_an_instance_sets(tmp_path: Path) -> None:
    backend: Any = LocalVisBackend(tmp_path)
    assert backend._save_dir == str(tmp_path)
    backend._save_dir = "elsewhere"
    assert backend._save_dir == "elsewhere"
    assert backend.save_dir == str(tmp_path)
    assert hasattr(BaseVisBackend, "_save_dir")


def test_a_picture_can_be_drawn_on_through_its_axes() -> None:
    visualizer: Any = Visualizer(image=np.zeros((20, 30, 3), np.uint8))
    visualizer.ax_save.axvspan(10, 20, color="red")
    drawn = visualizer.get_image()
    assert drawn[10, 15].tolist() == [255, 0, 0]
    assert drawn[10, 5].tolist() == [0, 0, 0]
    assert (visualizer.width, visualizer.height, visualizer.dpi) == (30, 20, 100)
    assert visualizer.fig_save is visualizer.ax_save.figure
    assert visualizer.fig_save_canvas is visualizer.fig_save.canvas
    assert visualizer._is_posion_valid(np.array([[0, 0], [29, 19]]))
    assert not visualizer._is_posion_valid(np.array([[0, 0], [30, 19]]))


def test_parts_of_datasets_averages_and_optimizers() -> None:
    dataset: Any = FirstLetters(serialize_data=False)
    assert dataset._get_unserialized_subset([2, 0]) == [{"letter": "c"}, {"letter": "a"}]
    assert dataset._get_unserialized_subset(-1) == [{"letter": "c"}]

    model = nn.BatchNorm1d(2)
    for with_buffers, names in (
        (False, dict(model.named_parameters())),
        (True, model.state_dict()),
    ):
        average: Any = ExponentialMovingAverage(model, update_buffers=with_buffers)
        assert average.avg_parameters.keys() == names.keys()
        average.avg_parameters["weight"].data.fill_(5)
        assert average.module.weight.tolist() == [5, 5]

    constructor: Any = DefaultOptimWrapperConstructor({"optimizer": {"type": "SGD", "lr": 0.1}})
    a, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    assert constructor._is_in({"params": [a]}, [{"params": [b]}, {"params": [a]}])
    assert not constructor._is_in({"params": [a]}, [{"params": [b]}])
    module: Any = BaseModule()
    assert module._dump_init_info() is None


def test_a_timer_whose_iteration_a_subclass_measures() -> None:
    hook: Any = IterTimerHook()
    hook.t = time.time() - 10
    assert 9 < time.time() - hook.t < 11
    hook.time_sec_tot += 2
    assert (hook.time_sec_tot, hook.start_iter) == (2, 0)


def test_a_loop_that_a_subclass_runs_by_itself(toy_cfg: Callable[..., Config]) -> None:
    intervals = []

    class Loop(IterBasedTrainLoop):
        def run(self) -> nn.Module:
            this: Any = self
            while self.iter < self.max_iters:
                self.run_iter(next(this.dataloader_iterator))
                this._decide_current_val_interval()
                intervals.append(self.val_interval)
            return nn.Identity()

    train_cfg = {"type": Loop, "max_iters": 5, "dynamic_intervals": [(2, 7), (4, 3)]}
    runner = Runner.from_cfg(toy_cfg(train_cfg=train_cfg))
    runner.train()
    assert intervals == [1000, 7, 7, 3, 3]
    processor: Any = runner.log_processor
    assert processor._get_cur_loop(runner, "val") is runner.val_loop
