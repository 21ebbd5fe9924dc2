"""What the parts of a run tell each other."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.logging import HistoryBuffer, MessageHub


@pytest.fixture
def hub() -> MessageHub:
    return MessageHub("test")


def test_there_is_always_a_current_hub() -> None:
    hub = MessageHub.get_current_instance()
    assert hub.instance_name == "engine"
    assert MessageHub.get_current_instance() is hub
    assert MessageHub.get_instance("run") is MessageHub.get_current_instance()


def test_scalars(hub: MessageHub) -> None:
    hub.update_scalar("train/loss", torch.tensor(3.0), count=2)
    hub.update_scalars(
        {"train/loss": 0.0, "train/lr": {"value": 0.1, "count": 4}, "n": {"value": 1}}
    )
    assert hub.get_scalar("train/loss").mean() == 2.0
    assert hub.log_scalars["train/lr"].data[1].tolist() == [4]
    assert hub.get_scalar("n").data[1].tolist() == [1]
    with pytest.raises(KeyError, match="nothing was logged as 'loss'; there is train/loss"):
        hub.get_scalar("loss")


def test_facts(hub: MessageHub) -> None:
    hub.update_info("epoch", 3)
    hub.update_info_dict({"epoch": 4, "names": ["a"]})
    assert hub.runtime_info == {"epoch": 4, "names": ["a"]}
    assert hub.get_info("epoch") == 4
    assert hub.get_info("other", 1) == 1
    assert hub.pop_info("names") == ["a"]
    assert hub.pop_info("names", "gone") == "gone"


def test_the_state_is_plain_data_without_what_is_not_resumed(hub: MessageHub) -> None:
    hub.update_scalar("train/loss", torch.tensor(3.0), count=2)
    hub.update_scalar("train/loss", 1.0)
    hub.update_scalar("val/time", 1.0, resumed=False)
    hub.update_info("epoch", 3)
    hub.update_info("picture", object(), resumed=False)
    file = io.BytesIO()
    torch.save(hub.state_dict(), file)
    file.seek(0)
    other = MessageHub("other")
    other.update_info("mine", True)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert [part.tolist() for part in other.get_scalar("train/loss").data] == [[3.0, 1.0], [2, 1]]
    assert list(other.log_scalars) == ["train/loss"]
    assert other.runtime_info == {"mine": True, "epoch": 3}
    both = [each.state_dict()["log_scalars"] for each in (other, hub)]
    torch.testing.assert_close(*both, rtol=0, atol=0)


def test_values_of_all_kinds(hub: MessageHub) -> None:
    values = {"int": 1, "array": np.array([2.0]), "zero": np.array(3), "tensor": torch.tensor([4])}
    hub.update_scalars({**values, "counted": {"value": np.float32(5), "count": 2}})
    newest = {key: history.current() for key, history in hub.log_scalars.items()}
    assert newest == {"int": 1, "array": 2, "zero": 3, "tensor": 4, "counted": 5}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda hub: hub.update_scalars({"a": "x"}), TypeError, "of 'a' must be a number; got 'x'"),
        (lambda hub: hub.update_scalar("a", [1.0]), TypeError, "of 'a' must be a number"),
        (lambda hub: hub.update_scalars({"a": np.ones(2)}), ValueError, r"its shape is \(2,\)"),
        (lambda hub: hub.update_scalars({"a": {"count": 1}}), ValueError, "must have a value"),
        (lambda hub: hub.update_scalars([1]), TypeError, "log_dict must be a mapping"),
        (lambda hub: hub.update_info_dict([1]), TypeError, "info_dict must be a mapping"),
        (lambda hub: hub.load_state_dict({}), ValueError, "lacks log_scalars and runtime_info"),
    ],
)
def test_a_wrong_value_is_an_error(
    hub: MessageHub, call: Callable[[Any], None], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(hub)


def test_histories_can_be_assigned(hub: MessageHub) -> None:
    hub.log_scalars["a"] = HistoryBuffer([1.0], [1])
    hub.update_scalar("a", 3.0)
    assert hub.get_scalar("a").mean() == 2.0
    assert list(hub.state_dict()["log_scalars"]) == ["a"]
    del hub.log_scalars["a"]
    hub.update_scalar("a", 5.0)
    assert hub.get_scalar("a").data[0].tolist() == [5.0]


def test_a_state_may_hold_histories_and_what_is_none_is_left_out(
    hub: MessageHub, caplog: pytest.LogCaptureFixture
) -> None:
    scalars = {"a": HistoryBuffer([1.0], [2]), "b": 5, "c": [torch.ones(2), torch.ones(1)]}
    hub.load_state_dict({"log_scalars": scalars, "runtime_info": {"x": 1}, "resumed_keys": {}})
    assert list(hub.log_scalars) == ["a"]
    assert hub.get_info("x") == 1
    assert caplog.messages == [f"The state of {k!r} is no history; it is left out" for k in "bc"]


def test_a_state_does_not_change_with_what_comes_later() -> None:
    hub = MessageHub("before")
    for number in range(1000):
        hub.update_scalar("loss", float(number))
    state = hub.state_dict()["log_scalars"]["loss"]
    kept = [part.clone() for part in state]
    for number in range(3000):  # more than there is room for
        hub.update_scalar("loss", -1.0, count=2)
        if number % 100 == 0:
            hub.get_scalar("loss").mean()
    assert all(torch.equal(*pair) for pair in zip(state, kept, strict=True))
    assert hub.get_scalar("loss").data[1].sum() == 7000
