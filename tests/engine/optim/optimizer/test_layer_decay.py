"""Learning rates that fall from layer to layer."""

from __future__ import annotations

from typing import Any

import pytest
import timm
from timm.optim import param_groups_layer_decay
from torch import nn

from engine.optim import OptimWrapper, build_optim_wrapper
from engine.registry import MODELS

ADAMW = dict(type="AdamW", lr=2.0, weight_decay=0.05)


def wrapper_of(model: nn.Module, **paramwise: Any) -> OptimWrapper:
    return build_optim_wrapper(model, dict(optimizer=ADAMW, paramwise_cfg=paramwise))


def rates(model: nn.Module, **paramwise: Any) -> dict[str, float]:
    names = {id(each): name for name, each in model.named_parameters()}
    groups = wrapper_of(model, **paramwise).param_groups
    return {names[id(each)]: group["lr"] for group in groups for each in group["params"]}


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "vit_tiny_patch16_224"])
def test_the_rates_are_those_of_timm(name: str) -> None:
    model = timm.create_model(name, num_classes=10)
    groups = param_groups_layer_decay(model, layer_decay=0.7)
    theirs = {id(each): 2 * group["lr_scale"] for group in groups for each in group["params"]}
    ours = rates(model, layer_decay=0.7)
    assert {name: theirs[id(each)] for name, each in model.named_parameters()} == ours


def classifier(backbone: dict[str, Any]) -> nn.Module:
    model: nn.Module = MODELS.build(
        dict(
            type="mmalpha.ImageClassifier",
            backbone=backbone,
            head=dict(type="mmalpha.LinearClsHead", num_classes=3, in_channels=192),
        )
    )
    return model


VIT: dict[str, Any] = dict(type="mmalpha.VisionTransformer", arch="tiny", img_size=32)


def test_the_head_and_custom_keys_multiply_on_their_own() -> None:
    custom = dict(head=dict(lr_mult=10), cls_token=dict(decay_mult=0))
    found = rates(classifier(VIT), layer_decay=0.5, custom_keys=custom)
    assert found["head.fc.weight"] == 20
    assert found["backbone.norm.weight"] == found["backbone.blocks.11.norm1.weight"] == 2 * 0.5
    assert found["backbone.blocks.0.norm1.weight"] == 2 * 0.5**12
    assert found["backbone.cls_token"] == found["backbone.pos_embed"] == 2 * 0.5**13


@pytest.mark.parametrize(
    "backbone",
    [
        dict(type="TIMMBackbone", model_name="vit_tiny_patch16_224", _scope_="mmalpha"),
        dict(type="timm.vit_tiny_patch16_224", features_only=True),
        dict(type="torchvision.resnet18", features_only=True),
    ],
)
def test_backbones_of_others_tell_their_layers_too(backbone: dict[str, Any]) -> None:
    model = MODELS.build(backbone)
    found = [*rates(model, layer_decay=0.5).values()]
    assert found == sorted(found)
    assert len({*found}) == (9 if "torchvision" in backbone["type"] else 13)
    assert max(found) == 2 * 0.5


def test_a_decay_of_one_changes_nothing() -> None:
    assert {*rates(classifier(VIT), layer_decay=1).values()} == {2.0}


def test_wrong_decays() -> None:
    for value in (0, 1.5):
        with pytest.raises(ValueError, match="layer_decay is above 0, up to 1"):
            wrapper_of(classifier(VIT), layer_decay=value)
    with pytest.raises(ValueError, match="no module of Linear tells the order of its layers"):
        wrapper_of(nn.Linear(1, 1), layer_decay=0.5)
    with pytest.raises(ValueError, match="multiplies the lr of the optimizer, which has none"):
        build_optim_wrapper(
            classifier(VIT), dict(optimizer=dict(type="AdamW"), paramwise_cfg=dict(layer_decay=0.5))
        )
