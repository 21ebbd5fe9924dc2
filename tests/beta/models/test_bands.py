"""First convolutions for named bands."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import MODEL_FACTORY_REGISTRY
from mmalpha.registry import MMALPHA_BACKBONE_REGISTRY
from mmbeta.models import NamedBackbone, adapt_bands

RGB = ("RED", "GREEN", "BLUE")


def convolution() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1))


@settings(max_examples=25)
@given(
    st.permutations([*RGB, "NIR", "SWIR"]).flatmap(
        lambda all_: st.sampled_from([all_, all_[:4], all_[1:]])
    )
)
def test_what_was_learned_of_a_band_stays_with_it(bands: list[str]) -> None:
    before, after = convolution(), convolution()
    adapt_bands(after, bands, RGB)
    images = torch.rand(1, 3, 6, 6)
    known = {band: images[:, index] for index, band in enumerate(RGB)}
    shown = torch.stack([known.get(band, torch.zeros(1, 6, 6)) for band in bands], 1)
    seen = torch.stack([known[b] if b in bands else torch.zeros(1, 6, 6) for b in RGB], 1)
    assert torch.allclose(after(shown), before(seen), atol=1e-6)


def test_a_new_band_gets_the_mean_of_the_weights() -> None:
    before, after = convolution(), convolution()
    adapt_bands(after, ["NIR"], RGB)
    weights: list[Any] = [before[0].weight, after[0].weight]  # type: ignore[index]  # Sequential
    assert torch.equal(weights[1][:, 0], weights[0].mean(1))


@pytest.mark.parametrize("name", ["mmalpha_resnet18", "timm_resnet18", "timm_vit_tiny_patch16_224"])
def test_backbones_of_any_source_take_bands(name: str) -> None:
    options: dict[str, Any] = dict(img_size=32, depth=4) if "vit" in name else {}
    backbone = NamedBackbone(name, bands=["BLUE", "NIR"], **options).eval()
    maps = backbone(torch.zeros(1, 2, 32, 32))
    assert [each.shape[1] for each in maps] == backbone.out_channels


def test_the_factory_hands_bands_on() -> None:
    model = MODEL_FACTORY_REGISTRY.build("EncoderDecoderFactory").build_model(
        backbone="mmalpha_resnet18",
        backbone_base_channels=4,
        backbone_bands=["NIR", "RED", "GREEN", "BLUE"],
        decoder="FCNDecoder",
        num_classes=2,
    )
    assert model(torch.zeros(2, 4, 32, 32)).shape == (2, 2, 32, 32)


def test_a_backbone_that_knows_bands_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Knowing(torch.nn.Module):
        out_channels = (1,)

        def __init__(self, bands: list[str]) -> None:
            super().__init__()
            self.bands = bands

    monkeypatch.setitem(MMALPHA_BACKBONE_REGISTRY.module_dict, "knowing", Knowing)
    backbone: Any = NamedBackbone("knowing", bands=["NIR", "RED"]).backbone
    assert backbone.bands == ["NIR", "RED"]


def test_bands_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"bands names each band once, .* got \['RED', 'RED'\]"):
        adapt_bands(convolution(), ["RED", "RED"], RGB)
    with pytest.raises(ValueError, match="takes 3 channels; pretrained_bands names 2: RED, NIR"):
        adapt_bands(convolution(), ["RED"], ["RED", "NIR"])
    with pytest.raises(ValueError, match="Linear has no convolution"):
        adapt_bands(torch.nn.Linear(1, 1), ["RED"], RGB)
