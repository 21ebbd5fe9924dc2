"""Synchronized batch norm and back, and convolutions that take a frozen batch norm along."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.model import (
    convert_sync_batchnorm,
    revert_sync_batchnorm,
    turn_on_efficient_conv_bn_eval,
)


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


class Net(nn.Module):
    """Pairs of convolution and batch norm, of which only some are nothing but pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.grouped = nn.Conv2d(4, 4, 3, groups=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.shared, self.twice = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)
        self.branching, self.after = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.grouped(self.first(x)))
        x = self.twice(self.shared(self.twice(self.shared(x))))
        x = self.branching(x)
        out: Tensor = self.after(x) + x
        return out


@pytest.fixture
def nets() -> tuple[Net, Net]:
    torch.manual_seed(0)
    net = Net().double()
    for _ in range(3):  # so that there are statistics
        net(torch.randn(4, 3, 8, 8, dtype=torch.float64))
    changed = copy.deepcopy(net)
    turn_on_efficient_conv_bn_eval(changed, "")
    return net, changed


def test_outputs_and_gradients_are_the_same(nets: tuple[Net, Net]) -> None:
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    for training in (False, True):
        outs = []
        for net in nets:
            net.train(training)
            net.zero_grad()
            outs.append(net(x))
            outs[-1].square().sum().backward()
        torch.testing.assert_close(*outs)
        for ours, theirs in zip(nets[1].parameters(), nets[0].parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(nets[1].state_dict(), nets[0].state_dict())


def test_less_is_kept_for_the_backward_pass(nets: tuple[Net, Net]) -> None:
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    kept = []
    for net in nets:
        shapes: list[torch.Size] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor, shapes=shapes: shapes.append(tensor.shape) or tensor,  # type: ignore[misc]
            lambda tensor: tensor,
        ):
            net.eval()(x)
        kept.append(shapes.count(torch.Size((2, 4, 6, 6))))
    assert kept[1] == kept[0] - 2  # of `first` and of `grouped`, which are pairs and no more


def test_a_copy_is_a_whole_of_its_own(nets: tuple[Net, Net]) -> None:
    other = copy.deepcopy(nets[1]).eval()
    nets[1].eval()
    with torch.no_grad():
        next(other.parameters()).zero_()
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    assert not torch.equal(other(x), nets[1](x))
    torch.testing.assert_close(nets[1](x), nets[0].eval()(x))


class Untraceable(nn.Module):
    """Asks for the values of its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


def test_mistakes_in_what_is_to_be_fused() -> None:
    with pytest.raises(ValueError, match="Net has no module 'frist'; did you mean 'first'"):
        turn_on_efficient_conv_bn_eval(Net(), ["frist"])
    with pytest.raises(ValueError, match=r"0 can't be traced by torch\.fx: "):
        turn_on_efficient_conv_bn_eval(nn.Sequential(Untraceable()), "0")
