"""What the parts of a run tell each other."""

from __future__ import annotations

import io

import pytest
import torch

from engine.logging import MessageHub


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
