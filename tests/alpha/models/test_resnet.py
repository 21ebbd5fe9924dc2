from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision
from torch import nn

from mmalpha.models import BasicBlock, Bottleneck, ResNet


def small(**changes: Any) -> ResNet:
    return ResNet(**{"depth": 18, "base_channels": 4, "stem": "cifar", **changes})


@pytest.mark.parametrize("depth", [18, 50])
def test_weights_of_torchvision_give_its_features(depth: int) -> None:
    torch.manual_seed(depth)
    theirs = torchvision.models.get_model(f"resnet{depth}").eval()
    ours = ResNet(depth, out_indices=(0, 1, 2, 3)).eval()
    weights = {key: value for key, value in theirs.state_dict().items() if "fc." not in key}
    ours.load_state_dict(weights)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        maps = ours(images)
        logits = theirs.fc(maps[-1].mean((2, 3)))
        torch.testing.assert_close(logits, theirs(images))
    assert [each.shape[1] for each in maps] == list(ours.out_channels)


@pytest.mark.parametrize(
    ("depth", "millions"), [(18, 11.18), (34, 21.28), (50, 23.51), (101, 42.5), (152, 58.14)]
)
def test_each_depth_has_the_known_number_of_parameters(depth: int, millions: float) -> None:
    with torch.device("meta"):
        model = ResNet(depth)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.01)


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize("strides", [(1, 2, 2, 2), (2, 2, 1, 1)])
def test_strides_and_stem_give_the_sizes(stem: Any, strides: tuple[int, ...]) -> None:
    model = small(in_channels=1, stem=stem, strides=strides, out_indices=(0, 1, 2, 3))
    size = 64 // (4 if stem == "imagenet" else 1)
    for index, each in enumerate(model(torch.zeros(2, 1, 64, 64))):
        size //= strides[index]
        assert each.shape == (2, 4 * 2**index, size, size)


def test_the_d_variant_averages_where_it_halves() -> None:
    model = small(in_channels=1, stem="deep", avg_down=True, out_indices=(0, 1, 2, 3))
    assert [each.shape[2] for each in model(torch.zeros(1, 1, 64, 64))] == [16, 8, 4, 2]
    strides = {
        each.stride
        for each in model.modules()
        if isinstance(each, nn.Conv2d)
        if each.kernel_size == (1, 1)
    }
    assert strides == {(1, 1)}


def test_the_maps_come_in_the_order_of_out_indices() -> None:
    model = small(out_indices=(2, 0), stem_channels=6)
    assert model.out_channels == (16, 4)
    assert [each.shape[1] for each in model(torch.zeros(1, 3, 16, 16))] == [16, 4]


def test_fewer_stages() -> None:
    model = small(num_stages=2, strides=(1, 2), out_indices=(1,))
    assert [each.shape for each in model(torch.zeros(1, 3, 16, 16))] == [(1, 8, 8, 8)]


def test_the_memory_layout_does_not_change_the_result() -> None:
    plain = small(base_channels=16).eval()
    fast = small(base_channels=16, channels_last=True).eval()
    fast.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 32, 32)
    (expected,), (got,) = plain(images), fast(images)
    torch.testing.assert_close(got, expected)
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_norm_eval_keeps_the_statistics() -> None:
    for norm_eval in (True, False):
        model = small(norm_eval=norm_eval).train()
        model(torch.randn(4, 3, 16, 16))
        statistics = model.state_dict()["bn1.running_mean"]
        assert torch.equal(statistics, torch.zeros(4)) is norm_eval


@pytest.mark.parametrize("depth", [18, 50])
def test_zero_init_residual_begins_with_the_identity(depth: int) -> None:
    model = small(depth=depth, zero_init_residual=True)
    model.init_weights()
    blocks = [each for each in model.modules() if isinstance(each, BasicBlock | Bottleneck)]
    assert all(not block.last_norm.weight.any() for block in blocks)
    x = torch.rand(1, blocks[-1].conv1.in_channels, 4, 4)
    torch.testing.assert_close(blocks[-1].eval()(x), x)


def test_the_weights_begin_as_in_the_paper() -> None:
    torch.manual_seed(0)
    model = small(base_channels=32)
    model.init_weights()
    convolution = model.get_submodule("layer4.1.conv2")
    assert isinstance(convolution, nn.Conv2d)
    expected = (2 / (convolution.out_channels * 9)) ** 0.5
    assert convolution.weight.std().item() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 20}, r"depth of a ResNet is one of \[18, 34, 50, 101, 152\]; got 20"),
        ({"num_stages": 5}, "num_stages is 1 to 4; got 5"),
        ({"strides": (1, 2)}, r"strides has one entry for each of the 4 stages; got \(1, 2\)"),
        ({"dilations": (1,)}, r"dilations has one entry for each of the 4 stages; got \(1,\)"),
        ({"out_indices": (4,)}, r"out_indices names stages from 0 to 3; got \(4,\)"),
        ({"out_indices": ()}, "out_indices names stages"),
        ({"channels_last": True}, "channels_last needs stem_channels .* at least 16; got 4 and 4"),
        ({"stem": "tiny"}, "stem is 'imagenet', 'deep' or 'cifar'; got 'tiny'"),
    ],
)
def test_wrong_arguments_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)
