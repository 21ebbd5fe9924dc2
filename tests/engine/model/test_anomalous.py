"""Parameters that a loss does not depend on."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor, nn

from engine.model import detect_anomalous_params


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
