"""Activations that are computed again."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.model import turn_on_activation_checkpointing


class _Block(nn.Module):
    """Batch normalization, dropout, and a count of how often it runs."""

    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4).double()
        self.norm = nn.BatchNorm1d(4, momentum=momentum).double()
        self.drop = nn.Dropout(0.5)
        self.runs = 0

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        self.runs += 1
        out: Tensor = self.drop(torch.tanh(self.norm(self.fc(x)))) * scale
        return out


class _Net(nn.Module):
    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.first = _Block(momentum)
        self.second = _Block(momentum)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.first(x), scale=2.0)
        return out


def _stepped(model: nn.Module, x: Tensor) -> dict[str, Any]:
    torch.manual_seed(5)
    loss = model(x).square().sum()
    loss.backward()
    grads = {name: each.grad for name, each in model.named_parameters()}
    return {"loss": loss.detach(), "grads": grads, "state": model.state_dict(), "r": torch.rand(2)}


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("modules", ["first", ["first", "second"], ["first", "first.norm"]])
def test_nothing_but_the_memory_changes(modules: str | list[str], momentum: float | None) -> None:
    plain = _Net(momentum)
    model = copy.deepcopy(plain)
    turn_on_activation_checkpointing(model, modules)
    for _ in range(2):
        x = torch.randn(6, 4, dtype=torch.float64)
        torch.testing.assert_close(_stepped(model, x), _stepped(plain, x), rtol=0, atol=0)
    assert model.first.runs == 2 * plain.first.runs
    assert model.first.norm.momentum == momentum
    x = torch.randn(6, 4, dtype=torch.float64)
    torch.testing.assert_close(model.eval()(x), plain.eval()(x), rtol=0, atol=0)


def test_without_a_backward_pass_nothing_is_computed_twice() -> None:
    model = _Net()
    turn_on_activation_checkpointing(model, "first")
    with torch.no_grad():
        model(torch.randn(6, 4, dtype=torch.float64))
    assert model.first.runs == 1


def test_a_module_stays_of_its_class_and_a_copy_is_its_own() -> None:
    model = _Net()
    turn_on_activation_checkpointing(model, "first")
    turn_on_activation_checkpointing(model, "first")
    assert isinstance(model.first, _Block)
    assert type(model.first).__name__ == "_Block"
    assert type(model.second) is _Block
    other = copy.deepcopy(model)
    _stepped(other, torch.randn(6, 4, dtype=torch.float64))
    assert (model.first.runs, other.first.runs) == (0, 2)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="_Net has no module 'frist'; did you mean 'first'"):
        turn_on_activation_checkpointing(_Net(), "frist")
    with pytest.raises(ValueError, match="_Net has no module ''"):
        turn_on_activation_checkpointing(_Net(), [""])
