"""What happens around the step of an optimizer."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.logging import MessageHub
from engine.optim import AmpOptimWrapper, OptimWrapper

X = torch.randn(64, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def line() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 1).double()


def wrapper_of(model: nn.Module, **options: Any) -> OptimWrapper:
    return OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), **options)


def loss_of(model: nn.Module, x: Tensor) -> Tensor:
    loss: Tensor = (model(x) - x.sum(1, keepdim=True)).square().mean()
    return loss


def batches_of(x: Tensor) -> list[Tensor]:
    return [x[start : start + 4] for start in range(0, len(x), 4)]


def saved(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state as a checkpoint gives it back."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 13))
def test_accumulation_equals_the_large_batch(group: int, iterations: int) -> None:
    small, large = line(), line()
    accumulating = wrapper_of(small, accumulative_counts=group)
    accumulating.initialize_count_status(small, 0, iterations)
    plain = wrapper_of(large)
    batches = batches_of(X[: 4 * iterations])
    for batch in batches:
        with accumulating.optim_context(small):
            loss = loss_of(small, batch)
        accumulating.update_params(loss)
    for start in range(0, iterations, group):  # the last group may be incomplete
        plain.update_params(loss_of(large, torch.cat(batches[start : start + group])))
    assert accumulating.inner_count == iterations
    for ours, theirs in zip(small.parameters(), large.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_without_a_known_end_a_group_is_always_whole() -> None:
    model = line()
    before = model.weight.clone()
    wrapper = wrapper_of(model, accumulative_counts=3)
    updates = []
    for batch in batches_of(X[:20]):
        wrapper.update_params(loss_of(model, batch))
        updates.append(wrapper.should_update())
        assert (model.weight.grad is None) is updates[-1]
    assert updates == [False, False, True, False, False]
    assert not torch.equal(model.weight, before)


def test_only_the_iteration_that_completes_a_group_synchronizes() -> None:
    model = line()
    wrapper = wrapper_of(model, accumulative_counts=3)
    wrapper.initialize_count_status(model, 0, 5)
    syncs = []
    for batch in batches_of(X[:20]):
        syncs.append(wrapper.should_sync())
        wrapper.update_params(loss_of(model, batch))
    assert syncs == [False, False, True, False, True]


@pytest.fixture
def hub() -> MessageHub:
    return MessageHub("test")


def test_clipping_by_norm_logs_the_norm(hub: MessageHub) -> None:
    model, reference = line(), line()
    wrapper = wrapper_of(model, clip_grad={"max_norm": 0.5})
    wrapper.update_params(loss_of(model, X), zero_kwargs={"set_to_none": False})
    loss_of(reference, X).backward()
    gradients = [each.grad for each in reference.parameters() if each.grad is not None]
    norm = torch.cat([each.flatten() for each in gradients]).norm()
    assert norm > 0.5
    assert hub.get_scalar("train/grad_norm").current() == pytest.approx(norm.item())
    for ours, theirs, gradient in zip(
        model.parameters(), reference.parameters(), gradients, strict=True
    ):
        torch.testing.assert_close(ours, theirs - 0.1 * gradient * 0.5 / norm, rtol=1e-5, atol=0)


def test_clipping_by_value_logs_no_norm(hub: MessageHub) -> None:
    model, reference = line(), line()
    wrapper_of(model, clip_grad={"type": "value", "clip_value": 0.2}).update_params(
        loss_of(model, X)
    )
    loss_of(reference, X).backward()
    for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        assert theirs.grad is not None
        torch.testing.assert_close(ours, theirs - 0.1 * theirs.grad.clamp(-0.2, 0.2))
    assert hub.log_scalars == {}


def test_options_reach_the_optimizer() -> None:
    model, calls = line(), []

    class Noted(torch.optim.SGD):
        def step(self, closure: Any = None, **kwargs: Any) -> Any:
            calls.append(kwargs)
            return super().step(closure)

    wrapper = OptimWrapper(Noted(model.parameters(), lr=0.1))
    wrapper.update_params(loss_of(model, X), {"note": 1}, {"set_to_none": False})
    assert calls == [{"note": 1}]
    assert model.weight.grad is not None
    assert not model.weight.grad.any()


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="accumulative_counts is at least 1; got 0"):
        wrapper_of(line(), accumulative_counts=0)
    with pytest.raises(ValueError, match="clip_grad has the type 'norm' or 'value'; got 'size'"):
        wrapper_of(line(), clip_grad={"type": "size"})
    for dtype in ("float32", "number", torch.float64):
        with pytest.raises(ValueError, match="dtype is 'float16' or 'bfloat16'; got"):
            AmpOptimWrapper(optimizer=torch.optim.SGD(line().parameters()), dtype=dtype)


@pytest.mark.parametrize("stop", range(1, 7))
def test_a_state_goes_on_also_within_a_group(stop: int) -> None:
    batches = batches_of(X[:28])
    whole, first = line(), line()
    options = {"accumulative_counts": 3}
    straight, before = wrapper_of(whole, **options), wrapper_of(first, **options)
    for batch in batches:
        straight.update_params(loss_of(whole, batch))
    for batch in batches[:stop]:
        before.update_params(loss_of(first, batch))

    second = line()
    second.load_state_dict(first.state_dict())
    after = wrapper_of(second, **options)
    after.load_state_dict(saved(before.state_dict()))
    after.initialize_count_status(second, stop, 100)
    for batch in batches[stop:]:
        after.update_params(loss_of(second, batch))
    for ours, theirs in zip(second.parameters(), whole.parameters(), strict=True):
        assert torch.equal(ours, theirs)
        assert (ours.grad is None) == (theirs.grad is None)
        if ours.grad is not None and theirs.grad is not None:
            assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("dtype", [None, "bfloat16", torch.bfloat16])
def test_mixed_precision_computes_in_bfloat16_and_keeps_float32(dtype: Any) -> None:
    model = line().float()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.1), dtype=dtype)
    losses = []
    for _ in range(30):
        with wrapper.optim_context(model):
            out = model(X.float())
        assert out.dtype == torch.bfloat16
        loss = (out.float() - X.float().sum(1, keepdim=True)).square().mean()
        wrapper.update_params(loss)
        losses.append(loss.item())
    assert model.weight.dtype == torch.float32
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("loss_scale", ["dynamic", 512.0, {"init_scale": 1024.0}])
def test_a_scaled_loss_gives_the_same_step(loss_scale: Any) -> None:
    model, plain = line().float(), line().float()
    clip = {"max_norm": 0.5}
    wrapper = AmpOptimWrapper(
        loss_scale, "float16", optimizer=torch.optim.SGD(model.parameters(), 0.1), clip_grad=clip
    )
    reference = OptimWrapper(torch.optim.SGD(plain.parameters(), 0.1), clip_grad=clip)
    wrapper.update_params(loss_of(model, X.float()))
    reference.update_params(loss_of(plain, X.float()))
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
    other = AmpOptimWrapper(dtype="float16", optimizer=torch.optim.SGD(line().parameters(), 0.1))
    other.load_state_dict(saved(wrapper.state_dict()))
    assert other.loss_scaler.get_scale() == wrapper.loss_scaler.get_scale()
    expected = {"dynamic": 65536.0, 512.0: 512.0}
    if not isinstance(loss_scale, dict):
        assert other.loss_scaler.get_scale() == expected[loss_scale]
