from __future__ import annotations

from typing import Any

import pytest
import torch

from mmalpha.models import ConvNeXt, DropPath

ARCH = dict(depths=(1, 2), channels=(8, 12))


def small(**changes: Any) -> ConvNeXt:
    model = ConvNeXt(**{"arch": ARCH, "out_indices": (0, 1), **changes})
    model.init_weights()
    return model.eval()


@pytest.mark.parametrize(
    ("arch", "millions"),
    [
        ("atto", 3.37),
        ("femto", 4.83),
        ("pico", 8.53),
        ("nano", 14.95),
        ("tiny", 27.82),
        ("small", 49.45),
        ("base", 87.56),
        ("large", 196.23),
        ("xlarge", 348.14),
    ],
)
def test_each_architecture_has_the_known_number_of_parameters(arch: str, millions: float) -> None:
    with torch.device("meta"):
        model = ConvNeXt(arch)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.01)


def test_the_sizes_of_the_maps() -> None:
    maps = small()(torch.randn(2, 3, 32, 64))
    assert [each.shape for each in maps] == [(2, 8, 8, 16), (2, 12, 4, 8)]
    maps = small(stem_stride=1, in_channels=1)(torch.randn(2, 1, 8, 8))
    assert [each.shape for each in maps] == [(2, 8, 8, 8), (2, 12, 4, 4)]
    assert small(out_indices=(1,)).out_channels == (12,)


def test_maps_for_dense_prediction_are_normalized() -> None:
    for each in small(out_norm=True)(torch.randn(2, 3, 32, 32)):
        ones = torch.ones_like(each[:, 0])
        torch.testing.assert_close(each.var(1, correction=0), ones, rtol=0, atol=1e-2)


def test_blocks_begin_near_the_identity() -> None:
    model, images = small(), torch.randn(1, 3, 32, 32)
    (first, _) = model(images)
    torch.testing.assert_close(first, model.stem(images), atol=1e-4, rtol=0)
    (first, _) = small(layer_scale=0)(images)
    assert not torch.allclose(first, model.stem(images), atol=1e-4)


def test_a_path_is_dropped_for_whole_images_and_the_mean_stays() -> None:
    torch.manual_seed(0)
    drop, ones = DropPath(0.25), torch.ones(20_000, 2, 2)
    out = drop(ones)
    values, counts = out.unique(return_counts=True)
    torch.testing.assert_close(values, torch.tensor([0.0, 4 / 3]))
    assert (counts[0] / out.numel()).item() == pytest.approx(0.25, abs=0.02)
    assert torch.equal(out.amin((1, 2)), out.amax((1, 2)))
    assert drop.eval()(ones) is ones


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arch": "mini"}, "arch of a ConvNeXt is one of atto, .*; got 'mini'"),
        ({"arch": dict(depths=(1,))}, "arch of a ConvNeXt has depths and channels; got depths"),
        (
            {"arch": dict(depths=(1, 2), channels=(8,))},
            r"depths and channels of a ConvNeXt are as many; got \(1, 2\) and \(8,\)",
        ),
        ({"out_indices": (2,)}, r"out_indices names stages from 0 to 1; got \(2,\)"),
    ],
)
def test_wrong_arguments_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)
