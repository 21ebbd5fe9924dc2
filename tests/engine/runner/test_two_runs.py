"""Two runs in one process don't get in each other's way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.hooks import Hook
from engine.logging import MessageHub, get_logger
from engine.registry import DefaultScope
from engine.runner import Runner
from engine.visualization import Visualizer

CfgMaker = Callable[..., Config]

CLIPS = {"optimizer": {"type": "SGD", "lr": 0.1}, "clip_grad": {"max_norm": 1.0}}


class Asks(Hook):
    """Asks for the current objects at all points, as a model or a hook of a user may."""

    def __init__(self) -> None:
        self.found: list[tuple[Any, ...]] = []

    def _ask(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        MessageHub.get_current_instance().update_scalar("asked", 1.0)
        scope = DefaultScope.get_current_instance()
        assert scope is not None
        self.found.append(
            (
                MessageHub.get_current_instance() is runner.message_hub,
                Visualizer.get_current_instance() is runner.visualizer,
                scope.scope_name,
            )
        )

    before_run = before_train = before_train_iter = after_train_iter = after_run = _ask
    before_val_iter = after_val_epoch = before_test_iter = after_test = _ask


@pytest.fixture
def pair(toy_cfg: CfgMaker, tmp_path: Path) -> tuple[Runner, Runner]:
    """Two runs of different scopes, of which the second is the newest in all."""

    def make(scope: str) -> Runner:
        cfg = toy_cfg(
            work_dir=str(tmp_path / scope),
            custom_hooks=[Asks()],
            default_scope=scope,
            optim_wrapper=CLIPS,
            log_level="INFO",
        )
        return Runner.from_cfg(cfg)

    return make("engine"), make("mmalpha")


@pytest.mark.parametrize("verb", ["train", "val", "test"])
def test_the_parts_of_a_run_find_what_is_its_own(pair: tuple[Runner, Runner], verb: str) -> None:
    first, second = pair
    for runner, scope in ((first, "engine"), (second, "mmalpha"), (first, "engine")):
        getattr(runner, verb)()
        (asks,) = (hook for hook in runner.hooks if isinstance(hook, Asks))
        assert {*asks.found} == {(True, True, scope)}
        assert len(runner.message_hub.get_scalar("asked")) == len(asks.found)
    assert MessageHub.get_current_instance() is second.message_hub  # outside, the newest
    assert Visualizer.get_current_instance() is second.visualizer


def test_values_of_a_run_stay_in_its_hub(pair: tuple[Runner, Runner]) -> None:
    first, second = pair
    first.train()
    assert len(first.message_hub.get_scalar("train/grad_norm")) == 15
    assert not second.message_hub.log_scalars
    # Also of a step that is taken by hand, when no run is under way.
    batch = {"inputs": torch.zeros(2, 4), "data_samples": torch.tensor([0, 1])}
    first.model.train_step(batch, first.optim_wrapper)
    assert len(first.message_hub.get_scalar("train/grad_norm")) == 16
    assert not second.message_hub.log_scalars


def test_lines_of_a_run_go_to_its_file(pair: tuple[Runner, Runner]) -> None:
    first, second = pair
    added = logging.Handler()  # of the program: it stays
    seen: list[str] = []
    added.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    get_logger().addHandler(added)
    handlers = [*get_logger().handlers]

    def lines(runner: Runner) -> int:
        (file,) = Path(runner.log_dir).glob("*.log")
        return sum("Epoch(train) [" in line for line in file.read_text().splitlines())

    first.train()
    assert (lines(first), lines(second)) == (1, 0)
    assert {*get_logger().handlers} == {*handlers}
    second.train()
    assert (lines(first), lines(second)) == (1, 1)
    assert sum("Epoch(train) [" in line for line in seen) == 2
