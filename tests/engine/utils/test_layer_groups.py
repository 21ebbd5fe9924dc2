"""The order of the layers of a model."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import timm
import torchvision
from timm.models import group_parameters

from engine.utils import group_layers, usual_layers

NAMES = ("resnet18d", "vit_tiny_patch16_224", "convnext_atto", "swin_tiny_patch4_window7_224")


@cache
def model_of(name: str) -> Any:
    return timm.create_model(name)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_timm_numbers_the_layers_in_the_same_way(name: str, coarse: bool) -> None:
    model = model_of(name)
    patterns = model.group_matcher(coarse=coarse)
    theirs = group_parameters(model, patterns, reverse=True)
    ours = group_layers([name for name, _ in model.named_parameters()], patterns)
    behind = 1 + max(each for each in ours.values() if each is not None)
    assert {key: behind if each is None else each for key, each in ours.items()} == theirs


@pytest.mark.parametrize(
    ("name", "stages", "blocks"),
    [("resnet18", 5, 9), ("vit_b_16", 13, 13), ("convnext_tiny", 8, 26), ("swin_t", 8, 17)],
)
def test_models_of_torchvision_have_usual_names(name: str, stages: int, blocks: int) -> None:
    names = [key for key, _ in torchvision.models.get_model(name).named_parameters()]
    for coarse, count in ((True, stages), (False, blocks)):
        numbers = group_layers(names, usual_layers(coarse))
        found = [each for each in numbers.values() if each is not None]
        assert found == sorted(found)
        assert 1 + max(found) == count
        behind = {key.split(".")[0] for key, each in numbers.items() if each is None}
        assert behind <= {"fc", "heads", "head", "classifier"}
