"""Parameters that a loss does not depend on."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch._C._distributed_c10d import HashStore

from engine.model import BaseModel, MMDistributedDataParallel, detect_anomalous_params
from engine.optim import OptimWrapper


class _Partly(nn.Module):
    """Uses one of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(2, 1)
        self.idle = nn.Linear(2, 3)
        self.frozen = nn.Linear(2, 1).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.used(x) + self.frozen(x)
        return out.sum()


def test_they_are_named(caplog: pytest.LogCaptureFixture) -> None:
    model = _Partly()
    detect_anomalous_params(model(torch.ones(4, 2)), model)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == (
        "The loss does not depend on these parameters of _Partly: "
        "idle.weight (3, 2), idle.bias (3,)"
    )


def test_a_whole_graph_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    model = _Partly()
    out = model(torch.ones(4, 2)) + model.idle(torch.ones(1, 2)).sum()
    for _ in range(3000):  # deeper than Python's stack
        out = out + 1
    detect_anomalous_params(out, model)
    assert caplog.records == []


class _Trained(BaseModel):
    """The same as a model that is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.net = _Partly()

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        return {"loss": self.net(inputs)}


@pytest.mark.parametrize("told", [True, False])
def test_a_wrapper_tells_them_in_each_iteration(
    caplog: pytest.LogCaptureFixture, told: bool
) -> None:
    distributed.init_process_group("gloo", store=HashStore(), rank=0, world_size=1)
    try:
        model = MMDistributedDataParallel(
            _Trained(), detect_anomalous_params=told, find_unused_parameters=True
        )
        wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
        for _ in range(2):
            model.train_step({"inputs": torch.ones(4, 2)}, wrapper)
    finally:
        distributed.destroy_process_group()
    lines = [record.message for record in caplog.records]
    assert len(lines) == (2 if told else 0)
    assert all("net.idle.weight (3, 2)" in line for line in lines)
