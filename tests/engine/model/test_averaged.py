"""Averages against their closed forms, and against those of torch."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.parallel import DataParallel
from torch.optim import swa_utils

from engine.model import (
    BaseAveragedModel,
    ExponentialMovingAverage,
    MomentumAnnealingEMA,
    StochasticWeightAverage,
)
from engine.registry import MODELS


class _Scalar(nn.Module):
    """A model of one number."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.value * x


class _Norm(nn.Module):
    """Tied weights, and buffers of two kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3).double()
        self.second = nn.Linear(3, 3).double()
        self.second.weight = self.first.weight
        self.norm = nn.BatchNorm1d(3).double()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.second(self.first(x)))
        return out


def _moved(model: nn.Module) -> None:
    """Change all weights and buffers, as a step of training does."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    if isinstance(model, _Norm):
        model(torch.randn(5, 3, dtype=torch.float64))


def _copy(average: Any) -> Any:
    return average.module


def _averages(average: BaseAveragedModel, values: list[float]) -> list[float]:
    model = _Scalar()
    found = []
    for value in values:
        model.value.data.fill_(value)
        average.update_parameters(model)
        found.append(_copy(average).value.item())
    return found


numbers = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)


@given(values=numbers, momentum=st.floats(1e-4, 0.5))
def test_a_moving_average_fades_geometrically(values: list[float], momentum: float) -> None:
    found = _averages(ExponentialMovingAverage(_Scalar(), momentum), values)
    for t, value in enumerate(found):
        faded = [momentum * (1 - momentum) ** (t - i) * values[i] for i in range(1, t + 1)]
        expected = (1 - momentum) ** t * values[0] + sum(faded)
        assert value == pytest.approx(expected, rel=1e-11, abs=1e-9)


@given(values=numbers, momentum=st.floats(1e-4, 0.5), gamma=st.integers(1, 50))
def test_the_momentum_anneals(values: list[float], momentum: float, gamma: int) -> None:
    expected, found = 0.0, _averages(MomentumAnnealingEMA(_Scalar(), momentum, gamma), values)
    for t, value in enumerate(values):
        share = max(momentum, gamma / (gamma + t))
        expected = (1 - share) * expected + share * value
        assert found[t] == pytest.approx(expected, rel=1e-11, abs=1e-9)


@given(values=numbers, interval=st.integers(1, 4))
def test_the_stochastic_average_is_the_mean_of_those_that_count(
    values: list[float], interval: int
) -> None:
    found = _averages(StochasticWeightAverage(_Scalar(), interval=interval), values)
    for t, value in enumerate(found):
        counted = values[: t + 1 : interval]
        assert value == pytest.approx(sum(counted) / len(counted), rel=1e-11, abs=1e-9)


@pytest.mark.parametrize("interval", [1, 3])
@pytest.mark.parametrize("update_buffers", [False, True])
@pytest.mark.parametrize("kind", ["StochasticWeightAverage", "ExponentialMovingAverage"])
def test_they_are_those_of_torch(kind: str, update_buffers: bool, interval: int) -> None:
    model = _Norm()
    args: dict[str, Any] = {"interval": interval, "update_buffers": update_buffers}
    if kind == "ExponentialMovingAverage":
        args["momentum"] = 0.1
        theirs = swa_utils.AveragedModel(
            model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.9), use_buffers=update_buffers
        )
    else:
        theirs = swa_utils.AveragedModel(model, use_buffers=update_buffers)
    ours: Any = MODELS.build({"type": kind, **args}, default_args={"model": model})
    for step in range(7):
        _moved(model)
        ours.update_parameters(model)
        if step % interval == 0:
            theirs.update_parameters(model)
        elif not update_buffers:  # ours follow the model in each step
            _copy(theirs).norm.load_state_dict(
                {**_copy(theirs).norm.state_dict(), **dict(model.norm.named_buffers())}
            )
    assert ours.steps.item() == 7
    expected = _copy(theirs).state_dict()
    if update_buffers:  # a count has no average
        del expected["norm.num_batches_tracked"]
        assert _copy(ours).norm.num_batches_tracked == model.norm.num_batches_tracked
    for key, value in expected.items():
        torch.testing.assert_close(_copy(ours).state_dict()[key], value, rtol=1e-12, atol=1e-14)


def test_the_first_update_copies() -> None:
    average = ExponentialMovingAverage(_Scalar(1.0))
    assert average(torch.tensor(3.0)).item() == 3.0
    average.update_parameters(_Scalar(5.0))
    assert average(torch.tensor(3.0)).item() == 15.0


def test_it_has_a_state_and_no_gradient() -> None:
    model = _Norm()
    average = ExponentialMovingAverage(model)
    assert not any(parameter.requires_grad for parameter in average.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert set(average.state_dict()) == {"steps"} | {f"module.{key}" for key in model.state_dict()}


@pytest.mark.parametrize("update_buffers", [False, True])
def test_what_is_averaged_is_exchanged_and_nothing_else(update_buffers: bool) -> None:
    model = _Norm()
    average = StochasticWeightAverage(model, update_buffers=update_buffers)
    for _ in range(3):
        _moved(model)
        average.update_parameters(model)
    trained, averaged = (
        copy.deepcopy(model.state_dict()),
        copy.deepcopy(average.module.state_dict()),
    )
    keys = average.averaged_keys()
    assert set(keys) == {key for key in trained if "norm.run" not in key and "num" not in key} | (
        {"norm.running_mean", "norm.running_var"} if update_buffers else set()
    )
    average.swap_parameters(model)
    for key, value in model.state_dict().items():
        assert torch.equal(value, averaged[key])
    for key, value in average.module.state_dict().items():
        assert torch.equal(value, trained[key])
    average.swap_parameters(model)
    torch.testing.assert_close(model.state_dict(), trained, rtol=0, atol=0)


def test_a_parameter_or_buffer_that_was_replaced_is_found() -> None:
    model = _Norm()
    model.register_buffer("queue", torch.zeros(2))
    average = StochasticWeightAverage(model)
    average.update_parameters(model)
    model.first.bias = nn.Parameter(torch.full((3,), 9.0, dtype=torch.float64))
    model.queue = torch.ones(4)
    before = _copy(average).first.bias.clone()
    average.update_parameters(model)
    expected = (before + 9.0) / 2
    torch.testing.assert_close(_copy(average).first.bias.data, expected)
    assert _copy(average).queue.tolist() == [1.0] * 4


def test_the_device_may_be_another_one_and_a_model_wrapped() -> None:
    model = _Norm()
    average = ExponentialMovingAverage(model, device="meta")
    assert all(tensor.is_meta for tensor in average.module.state_dict().values())
    assert not average.steps.is_meta
    wrapped, average = DataParallel(model), ExponentialMovingAverage(model, 0.5)
    average.update_parameters(wrapped)
    _moved(model)
    average.update_parameters(wrapped)
    assert not torch.equal(_copy(average).first.bias, model.first.bias)


class _Largest(BaseAveragedModel):
    """A user's own: the largest value so far."""

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        averaged_param.copy_(torch.maximum(averaged_param, source_param))


class _Doubting(ExponentialMovingAverage):
    """Changes how a ready one counts."""

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        averaged_param.add_(source_param, alpha=steps)


class _Counting(StochasticWeightAverage):
    """Does as the ready one does, and counts how often."""

    calls = 0

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        super().avg_func(averaged_param, source_param, steps)
        self.calls += 1


def test_what_a_ready_one_does_can_be_added_to() -> None:
    average = _Counting(_Scalar())
    assert _averages(average, [1, 3, 5]) == _averages(StochasticWeightAverage(_Scalar()), [1, 3, 5])
    assert average.calls == 2


def test_users_write_their_own() -> None:
    assert _averages(_Largest(_Scalar()), [1, 3, 2]) == [1, 3, 3]
    assert _averages(_Doubting(_Scalar()), [1, 3, 2]) == [1, 4, 8]


def test_a_copy_of_an_average_does_not_hold_on_to_the_model() -> None:
    model = _Scalar(2.0)
    model.register_buffer("large", torch.zeros(10_000))
    average = ExponentialMovingAverage(model, 0.5)
    size = len(pickle.dumps(average))
    average.update_parameters(model)
    assert len(pickle.dumps(average)) == pytest.approx(size, rel=0.1)
    model.value.data.fill_(4.0)
    other = copy.deepcopy(average)
    other.update_parameters(model)
    assert _copy(other).value.item() == 3.0
    assert _copy(average).value.item() == 2.0


def test_mistakes(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="interval is at least 1; got 0"):
        StochasticWeightAverage(_Scalar(), interval=0)
    for momentum in (0.0, 1.0):
        with pytest.raises(ValueError, match="momentum is more than 0 and less than 1"):
            ExponentialMovingAverage(_Scalar(), momentum)
    with pytest.raises(ValueError, match="gamma is positive; got 0"):
        MomentumAnnealingEMA(_Scalar(), gamma=0)
    with pytest.raises(ValueError, match="Linear has other parameters or buffers than the model"):
        ExponentialMovingAverage(_Scalar()).update_parameters(nn.Linear(1, 1))
    with caplog.at_level(logging.WARNING):
        ExponentialMovingAverage(_Scalar(), 0.999)
    assert "for a decay of 0.999 set momentum=0.001" in caplog.text
