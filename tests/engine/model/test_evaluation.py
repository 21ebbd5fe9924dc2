"""Evaluation mode and random state within a block."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch
from torch import nn

from engine.model import (
    evaluating,
    keeping_random_state,
    random_state,
    restore_random_state,
    sharing_buffers,
)


def test_each_module_is_in_the_mode_that_it_had() -> None:
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout(), nn.Linear(2, 2)))
    model.get_submodule("1.0").eval()
    before = [each.training for each in model.modules()]
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            with evaluating(model):
                assert not any(each.training for each in model.modules())
                assert not model(torch.ones(1, 2)).requires_grad
            assert torch.is_grad_enabled() is grad
        with pytest.raises(ZeroDivisionError), evaluating(model):
            _ = 1 / 0
        assert [each.training for each in model.modules()] == before


def _draw() -> list[float]:
    return [random.random(), random.gauss(0, 1), np.random.randn(), float(torch.rand(()))]


def test_random_numbers_go_on_where_they_were() -> None:
    _draw()  # one that numpy and Python have made in advance counts as well
    with keeping_random_state():
        first = _draw()
    with pytest.raises(ZeroDivisionError), keeping_random_state():
        _ = _draw()[0] / 0
    state = random_state()
    assert _draw() == first
    state["python"], state["numpy"] = json.loads(json.dumps([state["python"], state["numpy"]]))
    restore_random_state(state)
    assert _draw() == first


def test_one_process_has_its_own_buffers() -> None:
    model = nn.BatchNorm1d(2)
    with sharing_buffers(model):
        model(torch.randn(4, 2))
    assert model.num_batches_tracked == 1
