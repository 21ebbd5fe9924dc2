"""Frozen stages, and normalizations that keep their statistics."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.model import count_stages, freeze_stages
from engine.registry import MODELS

BACKBONES: dict[str, dict[str, Any]] = {
    "own": dict(type="mmalpha.ResNet", depth=18, base_channels=4),
    "timm": dict(type="timm.resnet18"),
    "timm's maps": dict(type="timm.resnet18", features_only=True),
    "torchvision": dict(type="torchvision.resnet18", num_classes=0),
    "torchvision's maps": dict(type="torchvision.resnet18", features_only=True),
}


def learning(model: nn.Module) -> set[str]:
    """Return the names of what learns, up to the stage: `layer1`."""
    names = (
        name.removeprefix("model.") for name, each in model.named_parameters() if each.requires_grad
    )
    return {name.split(".")[0] for name in names} - {"fc"}


@pytest.mark.parametrize("cfg", BACKBONES.values(), ids=[*BACKBONES])
def test_the_first_stages_do_not_learn_and_stay_as_in_a_test(cfg: dict[str, Any]) -> None:
    backbone = MODELS.build(dict(cfg, frozen_stages=2))
    assert count_stages(backbone) == 4
    assert learning(backbone) == {"layer3", "layer4"}
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    backbone.eval().train()
    backbone(torch.randn(2, 3, 64, 64))
    changed = {
        key.removeprefix("model.").split(".")[0]
        for key, value in backbone.state_dict().items()
        if not torch.equal(value, before[key])
    }
    assert changed == {"layer3", "layer4"}


@pytest.mark.parametrize("cfg", BACKBONES.values(), ids=[*BACKBONES])
def test_norm_eval_keeps_the_statistics_of_what_learns(cfg: dict[str, Any]) -> None:
    backbone = MODELS.build(dict(cfg, norm_eval=True))
    assert learning(backbone) == {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4"}
    norms = [each for each in backbone.train().modules() if isinstance(each, _BatchNorm)]
    assert norms
    assert not any(each.training for each in norms)
    assert backbone.training


def test_fewer_stages_learn_again_but_not_what_was_frozen_by_others() -> None:
    backbone: Any = MODELS.build(BACKBONES["own"])
    backbone.bn1.weight.requires_grad_(False)
    freeze_stages(backbone, 4)
    assert learning(backbone) == set()
    assert not backbone.train().layer4.training
    freeze_stages(backbone)
    assert learning(backbone) == {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4"}
    assert not backbone.bn1.weight.requires_grad
    assert backbone.layer4.training


def test_a_copy_is_frozen_by_itself() -> None:
    backbone: Any = MODELS.build(dict(BACKBONES["own"], frozen_stages=1))
    copied = copy.deepcopy(backbone).train()
    freeze_stages(copied)
    assert copied.layer1.training
    assert not backbone.train().layer1.training


@pytest.mark.parametrize(
    "cfg",
    [
        dict(type="mmalpha.VisionTransformer", arch="tiny", img_size=32),
        dict(type="timm.vit_tiny_patch16_224", num_classes=0),
    ],
)
def test_a_block_of_a_transformer_is_a_stage(cfg: dict[str, Any]) -> None:
    backbone = MODELS.build(dict(cfg, frozen_stages=11))
    names = [name for name, each in backbone.named_parameters() if each.requires_grad]
    assert {name.rsplit(".", 1)[0].split(".")[0] for name in names} == {"blocks", "norm"}
    assert {name.split(".")[1] for name in names if name.startswith("blocks")} == {"11"}


def test_the_normalizations_behind_a_convnext_belong_to_its_last_stage() -> None:
    arch = dict(depths=(1, 1), channels=(8, 16))
    cfg = dict(type="mmalpha.ConvNeXt", arch=arch, out_indices=(0, 1), out_norm=True)
    assert count_stages(MODELS.build(cfg)) == 2
    everything = MODELS.build(dict(cfg, frozen_stages=2))
    assert not any(each.requires_grad for each in everything.parameters())


def test_a_stage_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="frozen_stages of ResNet is -1 to 4; got 5"):
        MODELS.build(dict(BACKBONES["own"], frozen_stages=5))
    with pytest.raises(ValueError, match="Linear does not tell the order of its stages"):
        freeze_stages(nn.Linear(1, 1), 0)
