"""A backbone that learns by and by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.hooks import Hook, UnfreezeHook
from engine.model import BaseModel, freeze_stages
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class Backbone(nn.Sequential):
    """Three layers that tell their order."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        return {"blocks": r"^(\d+)"}


class Model(BaseModel):
    """A backbone, and a loss that each of its layers lowers."""

    def __init__(self, frozen_stages: int = -1) -> None:
        super().__init__()
        self.backbone = freeze_stages(Backbone(), frozen_stages)
        self.head = nn.Linear(2, 1)

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        loss = self.head(self.backbone(torch.ones(4, 2))).square().mean()
        return {"loss": loss} if mode == "loss" else [loss]


class WhatLearned(Hook):
    """Notes after each step which layers have changed."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.last: dict[str, Tensor] = {}

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.last = {
            key: value.clone() for key, value in runner.model.backbone.state_dict().items()
        }

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        state = runner.model.backbone.state_dict()
        moved = {int(key[0]) for key, value in state.items() if not value.equal(self.last[key])}
        self.seen.append(sorted(moved))


def run(toy_cfg: CfgMaker, hook: dict[str, Any], **changes: Any) -> list[list[int]]:
    learned = WhatLearned()
    hooks = [dict(type="UnfreezeHook", **hook), learned]
    no_val = dict.fromkeys(("val_cfg", "val_dataloader", "val_evaluator"))
    Runner.from_cfg(
        toy_cfg(**no_val, **{"model": Model(), "custom_hooks": hooks, **changes})
    ).train()
    return learned.seen


def test_layers_learn_from_their_epoch_on(toy_cfg: CfgMaker) -> None:
    loop = dict(by_epoch=True, max_epochs=3)
    seen = run(toy_cfg, dict(frozen_stages=(2, 1, -1), milestones=(1, 2)), train_cfg=loop)
    each = len(seen) // 3
    assert seen == [[]] * each + [[2]] * each + [[0, 1, 2]] * each


def test_layers_learn_from_their_iteration_on(toy_cfg: CfgMaker) -> None:
    loop = dict(by_epoch=False, max_iters=5)
    hook = dict(frozen_stages=(1, 0, -1), milestones=(2, 3), by_epoch=False)
    assert run(toy_cfg, hook, train_cfg=loop) == [[2], [2], [1, 2], [0, 1, 2], [0, 1, 2]]


def test_a_resumed_training_goes_on_in_the_same_way(toy_cfg: CfgMaker) -> None:
    hook = dict(frozen_stages=(2, -1), milestones=(2,))
    saving = dict(checkpoint=dict(type="CheckpointHook", interval=1))
    run(toy_cfg, hook, train_cfg=dict(by_epoch=True, max_epochs=1), default_hooks=saving)
    loop = dict(by_epoch=True, max_epochs=3)
    seen = run(toy_cfg, hook, train_cfg=loop, default_hooks=saving, resume=True)
    each = len(seen) // 2
    assert seen == [[]] * each + [[0, 1, 2]] * each


def test_what_the_optimizer_does_not_know_can_not_learn_later(toy_cfg: CfgMaker) -> None:
    optim = dict(
        optimizer=dict(type="SGD", lr=0.1), paramwise_cfg=dict(custom_keys=dict(head=dict(lr=1.0)))
    )
    with pytest.raises(ValueError, match=r"backbone\.0\.weight is not in the optimizer"):
        run(
            toy_cfg,
            dict(frozen_stages=(2, -1), milestones=(1,)),
            model=Model(frozen_stages=2),
            optim_wrapper=optim,
        )


def test_wrong_options(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="one number more than milestones"):
        UnfreezeHook((1, -1), ())
    with pytest.raises(ValueError, match="milestones increase, from 1 on"):
        UnfreezeHook((2, 1, -1), (3, 2))
    with pytest.raises(ValueError, match="the model has no module 'encoder'"):
        run(toy_cfg, dict(frozen_stages=(0, -1), milestones=(1,), module="encoder"))
