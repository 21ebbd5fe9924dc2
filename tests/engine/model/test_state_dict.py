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


class _Resizes(nn.Module):
    """Takes weights of any length, and knows a former name of them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))
        self.register_load_state_dict_pre_hook(_mend)  # type: ignore[no-untyped-call]  # torch has no annotations here


def _mend(module: _Resizes, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
    former = state_dict.pop(f"{prefix}old", None)
    if former is not None:
        state_dict[f"{prefix}weight"] = former
    weight = state_dict.get(f"{prefix}weight")
    if weight is not None and weight.shape != module.weight.shape:
        state_dict[f"{prefix}weight"] = weight.mean().expand(module.weight.shape)
    if weight is not None and weight.isnan().any():
        others[-1].append(f"{prefix}weight is no number")


@pytest.mark.parametrize("key", ["part.weight", "part.old"])
def test_what_hooks_mend_fits(key: str) -> None:
    model = nn.ModuleDict({"part": _Resizes(3), "other": nn.Linear(1, 1)})
    given = {key: torch.tensor([1.0, 3.0]), "other.weight": torch.ones(1, 1)}
    load_state_dict(model, {**given, "other.bias": torch.ones(1)}, strict=True)
    assert model.state_dict()["part.weight"].tolist() == [2, 2, 2]
    assert given[key].tolist() == [1, 3]


def test_what_a_hook_finds_wrong_is_an_error() -> None:
    with pytest.raises(CheckpointError, match=r"part\.weight is no number"):
        load_state_dict(
            nn.ModuleDict({"part": _Resizes(1)}), {"part.weight": torch.tensor([torch.nan])}
        )


class Renamed(nn.Linear):
    """A layer whose weights had another name in its first version."""

    _version = 2

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, *args: Any
    ) -> None:
        if local_metadata.get("version", 1) < 2 and f"{prefix}old" in state_dict:
            state_dict[f"{prefix}weight"] = state_dict.pop(f"{prefix}old")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


def test_a_module_may_load_its_weights_in_its_own_way() -> None:
    model = nn.Sequential(nn.Linear(1, 1), Renamed(1, 1, bias=False))
    rest = {"0.weight": torch.zeros(1, 1), "0.bias": torch.zeros(1)}
    load_state_dict(model, {**rest, "1.old": torch.full((1, 1), 5.0)}, strict=True)
    assert model.state_dict()["1.weight"].item() == 5
    for wrong, message in (
        ({"1.other": torch.ones(1)}, r"missing \(1\): 1.weight\n  unexpected \(1\): 1.other"),
        ({}, r"missing \(1\): 1.weight$"),
        ({"1.old": torch.ones(7)}, "size mismatch for 1.weight"),
    ):
        with pytest.raises(CheckpointError, match=message):
            load_state_dict(model, {**rest, **wrong}, strict=True)


def test_modules_are_told_the_version_of_their_weights() -> None:
    model = Renamed(1, 1, bias=False)
    state = get_state_dict(model)
    assert state._metadata[""] == {"version": 2}  # type: ignore[attr-defined]  # torch's
    state["old"] = state.pop("weight")
    with pytest.raises(CheckpointError, match=r"unexpected .* old"):
        load_state_dict(model, weights_to_cpu(state), strict=True)
