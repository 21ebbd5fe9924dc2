"""The page on registries of TerraTorch, block by block, with names translated.

A model of timm stands for the Prithvi ones, and mmbeta's decoders for TerraTorch's own.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from engine import (
    BACKBONE_REGISTRY,
    DECODER_REGISTRY,
    MODEL_FACTORY_REGISTRY,
    NECK_REGISTRY,
    MultiSourceRegistry,
    Registry,
)


def test_find_and_build_a_backbone() -> None:
    found = [name for name in BACKBONE_REGISTRY if "test_vit" in name]
    assert found == sorted(found)
    assert {"timm_test_vit", "timm_test_vit2"} <= set(found)
    assert "timm_test_vit" in BACKBONE_REGISTRY
    assert "test_vit" in BACKBONE_REGISTRY
    model = BACKBONE_REGISTRY.build("test_vit", num_classes=2, pretrained=False)
    assert isinstance(model, nn.Module)
    assert model(torch.zeros(1, 3, 160, 160)).shape == (1, 2)


def test_build_with_weights_of_ones_own(tmp_path: Path) -> None:
    weights = BACKBONE_REGISTRY.build("test_vit").state_dict()
    torch.save(weights, tmp_path / "weights.pth")
    model = BACKBONE_REGISTRY.build(
        "test_vit", pretrained=True, pretrained_cfg_overlay={"file": str(tmp_path / "weights.pth")}
    )
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


def test_decoders_take_the_channel_list_first() -> None:
    for name in ("FCNDecoder", "mmbeta_FCNDecoder"):
        decoder = DECODER_REGISTRY.build(name, [32, 64, 128])
        assert decoder([torch.zeros(1, 128, 4, 4)] * 3).shape == (1, 256, 4, 4)
    assert list(DECODER_REGISTRY.keys()) == ["mmbeta", "smp"]


def test_without_a_prefix_the_first_source_wins() -> None:
    assert BACKBONE_REGISTRY.find_registry("resnet18") is BACKBONE_REGISTRY["mmalpha"]
    assert BACKBONE_REGISTRY.find_registry("timm_resnet18") is BACKBONE_REGISTRY["timm"]


def test_a_new_source() -> None:
    decoders: MultiSourceRegistry[nn.Module] = MultiSourceRegistry()
    mine: Registry[nn.Module] = Registry()
    decoders.register_source("mine", mine)

    @mine.register
    class MyDecoder(nn.Module):
        def __init__(self, channels: list[int]) -> None:
            super().__init__()

    assert "mine_MyDecoder" in decoders
    assert isinstance(decoders.build("MyDecoder", [1, 2]), MyDecoder)


def test_a_registry_of_constructors() -> None:
    registry: Registry[object] = Registry()

    @registry.register
    def model(*args: object, **kwargs: object) -> object:
        return object()

    assert "model" in registry
    assert list(registry) == ["model"]
    assert type(registry.build("model")) is object


def test_the_other_registries() -> None:
    assert "mmbeta_SelectIndices" in NECK_REGISTRY
    assert "EncoderDecoderFactory" in MODEL_FACTORY_REGISTRY
