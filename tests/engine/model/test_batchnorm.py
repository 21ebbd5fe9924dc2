"""Batch normalization over all processes, and back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from engine.model import convert_sync_batchnorm, revert_sync_batchnorm


def _model() -> nn.Sequential:
    inner = nn.Sequential(
        nn.BatchNorm1d(2, momentum=0.3, eps=0.01), nn.BatchNorm1d(2, affine=False)
    )
    return nn.Sequential(nn.Linear(2, 2), inner, nn.BatchNorm1d(2, track_running_stats=False))


def _kinds(model: nn.Module) -> list[str]:
    return [type(each).__name__ for each in model.modules() if "Norm" in type(each).__name__]


def test_there_and_back_again() -> None:
    model = _model()
    model(torch.randn(5, 2))
    state = {key: value.clone() for key, value in model.state_dict().items()}
    x = torch.randn(7, 2)
    expected = model.eval()(x)
    synced = convert_sync_batchnorm(model)
    assert _kinds(synced) == ["SyncBatchNorm"] * 3
    parameters = {id(parameter) for parameter in synced.parameters()}
    local = revert_sync_batchnorm(synced)
    assert not any(isinstance(each, nn.SyncBatchNorm) for each in local.modules())
    assert {id(parameter) for parameter in local.parameters()} == parameters
    torch.testing.assert_close(local.state_dict(), state, rtol=0, atol=0)
    torch.testing.assert_close(local(x), expected, rtol=0, atol=0)
    trained, reference = local.train(), _model()
    reference.load_state_dict(state)
    torch.testing.assert_close(trained(x), reference(x), rtol=0, atol=0)
    torch.testing.assert_close(trained.state_dict(), reference.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 5, 5), (4, 3, 2, 5, 5)])
def test_what_is_reverted_takes_inputs_of_any_shape(shape: tuple[int, ...]) -> None:
    norm = revert_sync_batchnorm(nn.SyncBatchNorm(3))
    out = norm(torch.randn(shape))
    dims = [0, *range(2, len(shape))]
    torch.testing.assert_close(out.mean(dims), torch.zeros(3), rtol=0, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_stays(training: bool) -> None:
    norm: Any = revert_sync_batchnorm(nn.SyncBatchNorm(3).train(training))
    assert norm.training is training


def test_a_model_without_it_is_left_alone() -> None:
    model = _model()
    before = list(model.modules())
    assert revert_sync_batchnorm(model) is model
    assert list(model.modules()) == before


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="normalization is 'torch'; got 'mmcv'"):
        convert_sync_batchnorm(_model(), "mmcv")
