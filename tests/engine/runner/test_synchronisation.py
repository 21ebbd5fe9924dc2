"""A host that asks for a value waits for the device, and a run does so at log lines only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.hooks import Hook
from engine.model import BaseModel
from engine.runner import Runner

CfgMaker = Callable[..., Config]

WAITS = {"item", "tolist", "cpu", "numpy", "nonzero", "__float__", "__int__", "__bool__", "equal"}


class OnDevice(Tensor):
    """Stands for a tensor on an accelerator: it notes when somebody asks for its value."""

    waits: ClassVar[list[str]] = []

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in WAITS:
            cls.waits.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]

    def __deepcopy__(self, memo: Any) -> Tensor:
        return nn.Parameter(self.detach().clone().as_subclass(OnDevice))


class OnDeviceModel(BaseModel):
    """A model whose parameters, inputs and losses are on the device."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 4).as_subclass(OnDevice))

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = inputs.as_subclass(OnDevice) @ self.weight.T
        loss = nn.functional.cross_entropy(out, data_samples)
        assert isinstance(loss, OnDevice)
        return {"loss": loss, "part": [loss, loss * 2]}


class AfterEach(Hook):
    """Notes the iterations in which the host waited."""

    priority = 100

    def __init__(self) -> None:
        self.iterations: list[int] = []

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if OnDevice.waits:
            self.iterations.append(runner.iter + 1)
        OnDevice.waits.clear()


@pytest.mark.parametrize("by_epoch", [True, False])
def test_the_host_waits_at_log_lines_only(toy_cfg: CfgMaker, by_epoch: bool) -> None:
    OnDevice.waits.clear()
    hook = AfterEach()
    loop = {"max_epochs": 6} if by_epoch else {"by_epoch": False, "max_iters": 30}
    cfg = toy_cfg(
        model={"type": OnDeviceModel},
        train_cfg=loop,
        val_dataloader=None,
        val_cfg=None,
        val_evaluator=None,
        param_scheduler=[
            {"type": "StepLR", "step_size": 2},
            {"type": "LinearLR", "by_epoch": False, "end": 20},
        ],
        default_hooks={"logger": {"type": "LoggerHook", "interval": 10}, "checkpoint": None},
        custom_hooks=[{"type": "EMAHook"}, hook],
    )
    cfg.optim_wrapper.clip_grad = {"max_norm": 1.0}
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert hook.iterations == [10, 20, 30]
    assert len(runner.message_hub.get_scalar("train/grad_norm")) == 30
