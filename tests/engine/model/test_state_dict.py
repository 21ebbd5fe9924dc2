"""Weights by key, in and out of a model."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.nn.parallel import DataParallel

from engine.checkpoint import CheckpointError
from engine.model import get_state_dict, load_state_dict, weights_to_cpu


def test_weights_that_do_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    state = {"0.weight": torch.ones(2, 2), "1.weight": torch.ones(9, 2), "extra": torch.ones(1)}
    report = (
        "missing (2): 0.bias, 1.bias\n  unexpected (1): extra\n"
        "  other shape (1): 1.weight (9, 2), not (3, 2)"
    )
    with pytest.raises(CheckpointError) as caught:
        load_state_dict(model, state, strict=True)
    assert str(caught.value) == f"the weights are not those of Sequential\n  {report}"
    load_state_dict(model, state)
    assert report in caplog.text
    assert torch.equal(model.state_dict()["0.weight"], torch.ones(2, 2))
    with pytest.raises(CheckpointError, match="the weights are not those of Sequential"):
        load_state_dict(model, {"other": torch.ones(1)})


def test_keys_are_those_without_wrappers() -> None:
    plain = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Sequential(nn.Linear(2, 1))})
    parts: dict[str, Any] = {
        "a": DataParallel(nn.Linear(2, 2)),
        "b": DataParallel(nn.Sequential(DataParallel(nn.Linear(2, 1)))),
    }
    wrapped = DataParallel(nn.ModuleDict(parts))
    assert list(get_state_dict(wrapped)) == list(plain.state_dict())
    assert list(get_state_dict(wrapped, prefix="x.")) == [f"x.{key}" for key in plain.state_dict()]
    load_state_dict(wrapped, plain.state_dict(), strict=True)
    torch.testing.assert_close(
        dict(get_state_dict(wrapped)), dict(plain.state_dict()), rtol=0, atol=0
    )


def test_weights_in_main_memory_are_not_copied() -> None:
    weights = {"x": torch.ones(2), "n": 3}
    moved = weights_to_cpu(weights)
    assert moved["n"] == 3
    assert moved["x"] is cast("Any", weights["x"])
