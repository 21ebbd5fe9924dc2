"""An evaluation leaves the process as it found it, whoever starts it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import Hook, PrepareTTAHook
from engine.infer import BaseInferencer
from engine.model import BaseModel, BaseTTAModel
from engine.registry import DefaultScope, init_default_scope
from engine.runner import Runner

CfgMaker = Callable[..., Config]


def draw() -> float:
    """Draw from all generators of a process."""
    return random.random() + float(np.random.rand()) + float(torch.rand(()))


class Net(BaseModel):
    """Draws where it is built and where it predicts; a part of it is frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen, self.free = nn.BatchNorm1d(4), nn.Sequential(nn.Dropout(), nn.Linear(4, 2))

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        assert mode == "loss" or not (self.training or self.frozen.training)
        out = self.free(self.frozen(torch.stack([*inputs]) + draw()))
        assert out.requires_grad == (mode == "loss")
        return {"loss": out.square().mean()} if mode == "loss" else [*out]


class Views(BaseTTAModel):
    """Takes the first view."""

    def merge_preds(self, data_samples_list: list[list[Any]]) -> list[Any]:
        return [views[0] for views in data_samples_list]


class Points(torch.utils.data.Dataset[dict[str, Any]]):
    """Points that are drawn."""

    def __init__(self, views: int = 0) -> None:
        self.views = views
        draw()

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, Any]:
        point = torch.full((4,), draw())
        return {"inputs": [point] * self.views if self.views else point}


class Draws(BaseMetric):
    """A metric that draws."""

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results.append(draw())

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        return {"count": float(len(results))}


class DrawsAndNests(Hook):
    """Draws around an evaluation, and switches what it should not."""

    def before_val(self, runner: Runner) -> None:
        draw()

    before_test = before_val

    def after_val(self, runner: Runner) -> None:
        draw()
        runner.model.train()
        torch.set_grad_enabled(True)

    after_test = after_val


class Predicts(BaseInferencer):
    """Predicts a number."""

    def preprocess_one(self, item: float) -> dict[str, Any]:
        assert DefaultScope.get_current_instance().scope_name == "mmbeta"  # type: ignore[union-attr]
        return {"inputs": torch.full((4,), item + draw())}

    def draw(self, item: Any, prediction: Any) -> npt.NDArray[np.uint8]:
        return np.full((2, 2, 3), draw()).astype(np.uint8)

    def describe(self, prediction: Tensor) -> dict[str, Any]:
        return {"value": float(prediction[0])}


def state_of(model: nn.Module) -> list[Any]:
    scope = DefaultScope.get_current_instance()
    return [
        [(name, module.training) for name, module in model.named_modules()],
        torch.is_grad_enabled(),
        random.getstate(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]  # a tuple
        torch.get_rng_state().tolist(),
        scope and scope.scope_name,
    ]


def runner_of(toy_cfg: CfgMaker, views: int = 0, **changes: Any) -> Runner:
    loader = {"dataset": {"type": Points}, "batch_size": 3, "sampler": {"type": "DefaultSampler"}}
    viewed = {**loader, "dataset": {"type": Points, "views": views}}
    evaluator = {"type": Draws}
    cfg = toy_cfg(
        model={"type": Net},
        train_dataloader={**loader, "collate_fn": "default_collate"},
        val_dataloader=loader,
        test_dataloader=viewed,
        val_evaluator=evaluator,
        test_evaluator=evaluator,
        param_scheduler=None,
        custom_hooks=[{"type": DrawsAndNests}],
        **changes,
    )
    return Runner.from_cfg(cfg)


def by_test_with_views(toy_cfg: CfgMaker) -> tuple[nn.Module, Callable[[], Any]]:
    runner = runner_of(toy_cfg, views=2)
    runner.register_hook(PrepareTTAHook({"type": Views}))
    return runner.model, runner.test


def by_loop(toy_cfg: CfgMaker) -> tuple[nn.Module, Callable[[], Any]]:
    runner = runner_of(toy_cfg, default_hooks={"logger": None})
    runner.val()
    return runner.model, runner.val_loop.run


def by_inferencer(toy_cfg: CfgMaker) -> tuple[nn.Module, Callable[[], Any]]:
    inferencer = Predicts({"model": {"type": Net}, "default_scope": "mmbeta"}, device="cpu")
    return inferencer.model, lambda: inferencer([1.0, 2.0], batch_size=2)


def by_making_an_inferencer(toy_cfg: CfgMaker) -> tuple[nn.Module, Callable[[], Any]]:
    cfg = {"model": {"type": Net}, "default_scope": "mmbeta"}
    return nn.Module(), lambda: Predicts(cfg, device="cpu")


def by_runner(verb: str) -> Callable[[CfgMaker], tuple[nn.Module, Callable[[], Any]]]:
    def start(toy_cfg: CfgMaker) -> tuple[nn.Module, Callable[[], Any]]:
        runner = runner_of(toy_cfg)
        return runner.model, getattr(runner, verb)

    return start


STARTS = {
    "val": by_runner("val"),
    "test": by_runner("test"),
    "views": by_test_with_views,
    "loop": by_loop,
    "inferencer": by_inferencer,
    "new inferencer": by_making_an_inferencer,
}


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("start", STARTS)
def test_it_is_left_as_it_was_found(toy_cfg: CfgMaker, start: str, gradients: bool) -> None:
    model, evaluate = STARTS[start](toy_cfg)
    init_default_scope("mmalpha")
    if isinstance(model, Net):
        model.train()
        model.frozen.eval()
    with torch.set_grad_enabled(gradients):
        before = state_of(model)
        evaluate()
        assert state_of(model) == before


@pytest.mark.parametrize("start", [name for name in STARTS if name != "new inferencer"])
def test_so_is_one_that_fails(
    toy_cfg: CfgMaker, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, evaluate = STARTS[start](toy_cfg)
    model.train()

    def fail(*args: Any, **kwargs: Any) -> None:
        draw()
        raise ZeroDivisionError

    monkeypatch.setattr(Net, "forward", fail)
    before = state_of(model)
    with pytest.raises(ZeroDivisionError):
        evaluate()
    assert state_of(model) == before


def test_a_training_does_not_notice_its_validations(toy_cfg: CfgMaker) -> None:
    def weights(**changes: Any) -> dict[str, Tensor]:
        cfg = toy_cfg(**changes)
        runner = Runner.from_cfg(cfg)
        runner.train()
        return dict(runner.model.state_dict())

    often = weights()
    seldom = weights(train_cfg={"max_epochs": 3, "val_interval": 3})
    never = weights(val_dataloader=None, val_cfg=None, val_evaluator=None)
    torch.testing.assert_close(often, seldom, rtol=0, atol=0)
    torch.testing.assert_close(often, never, rtol=0, atol=0)


def test_a_frozen_part_stays_frozen_behind_a_validation(toy_cfg: CfgMaker) -> None:
    class Freeze(Hook):
        def __init__(self) -> None:
            self.modes: set[bool] = set()

        def before_train_epoch(self, runner: Runner) -> None:
            runner.model.drop.eval()

        def after_train_iter(
            self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            runner.model.drop.eval()

        def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
            if runner.iter:
                self.modes.add(runner.model.drop.training)

    freeze = Freeze()
    loop = {"by_epoch": False, "max_iters": 6, "val_interval": 2}
    Runner.from_cfg(toy_cfg(train_cfg=loop, custom_hooks=[freeze])).train()
    assert freeze.modes == {False}
