"""Wrappers of models for several processes, here of one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch._C._distributed_c10d import HashStore
from torch.nn.parallel import DistributedDataParallel

from engine.model import (
    BaseModel,
    MMDistributedDataParallel,
    MMSeparateDistributedDataParallel,
    is_model_wrapper,
)
from engine.optim import OptimWrapper


class _Parts(BaseModel):
    """Two parts that are trained, and one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.frozen = nn.Linear(2, 2).requires_grad_(False)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.frozen(self.second(self.first(inputs)))
        return {"loss": out.square().mean()} if mode == "loss" else [*out]


@pytest.fixture
def _alone() -> Iterator[None]:
    distributed.init_process_group("gloo", store=HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("wrap", [MMDistributedDataParallel, MMSeparateDistributedDataParallel])
def test_a_wrapper_does_as_the_model_does(wrap: Any) -> None:
    model = _Parts()
    wrapped = wrap(copy.deepcopy(model))
    batch = {"inputs": torch.randn(4, 2)}
    for each in (model, wrapped):
        wrapper = OptimWrapper(torch.optim.SGD(each.parameters(), lr=0.1))
        for _ in range(2):
            each.train_step(batch, wrapper)
    assert is_model_wrapper(wrapped)
    for name, own in wrapped.named_parameters():
        theirs = model.get_parameter(name.replace("module.", ""))
        assert torch.equal(own, theirs), name
    expected = torch.stack(model.val_step(batch))
    for step in (wrapped.val_step, wrapped.test_step):
        assert torch.equal(torch.stack(step(batch)), expected)
    assert torch.equal(torch.stack(wrapped(batch["inputs"])), expected)


@pytest.mark.usefixtures("_alone")
def test_parts_that_are_trained_are_wrapped_one_by_one() -> None:
    wrapped = MMSeparateDistributedDataParallel(_Parts())
    parts = dict(wrapped.module.named_children())
    assert [name for name, each in parts.items() if isinstance(each, DistributedDataParallel)] == [
        "first",
        "second",
    ]
    assert not any(each.training for each in wrapped.eval().modules())
    first: Any = parts["first"]
    with wrapped.no_sync():
        assert not first.require_backward_grad_sync
    assert first.require_backward_grad_sync
