"""A run whose model has two optimizers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.model import BaseModel
from engine.optim import OptimWrapper, OptimWrapperDict
from engine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS
from engine.runner import Runner

CfgMaker = Callable[..., Config]


class TwoSteps(BaseModel):
    """Trains one layer to give what the other gives, and that one to give something else."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        inputs = data["inputs"]
        for name in ("first", "second"):
            with optim_wrapper[name].optim_context(self):
                difference = (self.first(inputs) - self.second(inputs)).square().mean()
            loss = difference if name == "first" else (1 - difference).square()
            optim_wrapper[name].update_params(loss)
        return {"loss": loss.detach()}

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        return self.first(inputs)


class PartsConstructor:
    """Makes a wrapper for each part that the config names."""

    def __init__(self, optim_wrapper_cfg: Any) -> None:
        self.cfg = optim_wrapper_cfg

    def __call__(self, model: Any) -> OptimWrapperDict:
        return OptimWrapperDict(
            **{
                name: OptimWrapper(
                    OPTIMIZERS.build(
                        each, default_args={"params": getattr(model, name).parameters()}
                    )
                )
                for name, each in self.cfg.items()
            }
        )


OPTIM_WRAPPER_CONSTRUCTORS.register_module("PartsForTest", module=PartsConstructor, force=True)


def _cfg(toy_cfg: CfgMaker, **changes: Any) -> Config:
    cfg = toy_cfg(
        model={"type": TwoSteps},
        optim_wrapper={
            "constructor": "PartsForTest",
            "first": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
            "second": {"type": "Adam", "lr": 0.01},
        },
        param_scheduler={
            "first": {"type": "ExponentialLR", "gamma": 0.5},
            "second": [{"type": "LinearLR", "by_epoch": False, "end": 10}],
        },
        default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        **changes,
    )
    for key in ("val_dataloader", "val_cfg", "val_evaluator"):
        cfg.pop(key)
    return cfg


def test_each_has_its_own_rates(toy_cfg: CfgMaker) -> None:
    runner = Runner.from_cfg(_cfg(toy_cfg))
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert not any(torch.equal(before[name], after[name]) for name in before)
    assert [type(each).__name__ for each in runner.param_schedulers] == [
        "ExponentialLR",
        "LinearLR",
    ]
    rates = runner.optim_wrapper.get_lr()
    assert rates["first.lr"] == [0.1 * 0.5**runner.max_epochs]
    assert rates["second.lr"] == pytest.approx([0.01])
    assert "train/first.lr" in runner.message_hub.log_scalars


def test_resume_is_exact(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    whole = Runner.from_cfg(_cfg(toy_cfg, work_dir=str(tmp_path / "whole")))
    whole.train()
    half = _cfg(toy_cfg, work_dir=str(tmp_path / "half"))
    last = half.train_cfg.max_epochs
    half.train_cfg.max_epochs = 1
    Runner.from_cfg(half).train()
    half.train_cfg.max_epochs = last
    half.resume = True
    resumed = Runner.from_cfg(half)
    resumed.train()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value), name
    assert resumed.optim_wrapper.get_lr() == whole.optim_wrapper.get_lr()


def test_ready_wrappers_by_name(toy_cfg: CfgMaker) -> None:
    model = TwoSteps()
    wrappers = {
        name: OptimWrapper(torch.optim.SGD(getattr(model, name).parameters(), lr=0.1))
        for name in ("first", "second")
    }
    cfg = _cfg(toy_cfg)
    cfg.pop("param_scheduler")
    runner = Runner(
        model=model,
        work_dir=cfg.work_dir,
        train_dataloader=cfg.train_dataloader,
        train_cfg=cfg.train_cfg,
        optim_wrapper=wrappers,
        param_scheduler={"type": "ExponentialLR", "gamma": 0.5},
    )
    runner.train()
    assert isinstance(runner.optim_wrapper, OptimWrapperDict)
    assert len(runner.param_schedulers) == 2


def test_a_scheduler_of_no_optimizer(toy_cfg: CfgMaker) -> None:
    cfg = _cfg(toy_cfg)
    cfg.param_scheduler = {"frist": {"type": "ExponentialLR", "gamma": 0.5}}
    with pytest.raises(
        ValueError, match=r"param_scheduler\.frist: the optimizers are first, second"
    ):
        Runner.from_cfg(cfg).train()


def test_the_wrapper_of_several_refuses_to_choose() -> None:
    parameter = nn.Parameter(torch.zeros(1))
    wrapper = OptimWrapperDict(only=OptimWrapper(torch.optim.SGD([parameter], lr=0.1)))
    for verb in ("backward", "update_params"):
        with pytest.raises(NotImplementedError, match=rf"call {verb} of one of them"):
            getattr(wrapper, verb)(parameter.sum())
    with pytest.raises(NotImplementedError, match=r"several optimizers \(only\)"):
        wrapper.step()
    with (
        pytest.raises(NotImplementedError, match="optim_context"),
        wrapper.optim_context(nn.ReLU()),
    ):
        pass
    with pytest.raises(KeyError, match="the state is of the optimizers other; there are only"):
        wrapper.load_state_dict({"other": {}})
    with pytest.raises(TypeError, match="only is no OptimWrapper but SGD"):
        OptimWrapperDict(only=wrapper["only"].optimizer)  # type: ignore[arg-type]  # the mistake
    assert ("only" in wrapper, len(wrapper), list(wrapper.keys())) == (True, 1, ["only"])
    assert wrapper.get_momentum() == {"only.momentum": [0]}
