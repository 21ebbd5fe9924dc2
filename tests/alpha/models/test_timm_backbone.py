from __future__ import annotations

from collections.abc import Callable

import pytest
import timm
import torch

from engine.registry import NotRegisteredError
from mmalpha.models import TIMMBackbone
from mmalpha.registry import MODELS

Probe = Callable[[str], str]


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet"])
def test_features_are_those_of_timm(name: str) -> None:
    backbone = TIMMBackbone(name, in_channels=1).eval()
    theirs = timm.create_model(name, in_chans=1, num_classes=0).eval()
    theirs.load_state_dict(backbone.timm_model.state_dict())
    images = torch.randn(2, 1, 160, 160)
    (features,) = backbone(images)
    assert torch.equal(features, theirs(images))
    assert features.shape == (2, *backbone.out_channels)


@pytest.mark.parametrize("name", ["test_resnet", "swin_tiny_patch4_window7_224"])
def test_maps_have_their_channels_first(name: str) -> None:
    backbone = MODELS.build(
        dict(type="TIMMBackbone", model_name=name, features_only=True, out_indices=(1, 2))
    )
    maps = backbone(torch.randn(1, 3, 224, 224))
    assert tuple(each.shape[1] for each in maps) == backbone.out_channels
    assert maps[0].shape[2] == 2 * maps[1].shape[2]


def test_a_classifier_around_it() -> None:
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(type="TIMMBackbone", model_name="test_resnet"),
            head=dict(type="LinearClsHead", num_classes=5, in_channels=96),
        )
    )
    assert model(torch.randn(2, 3, 64, 64)).shape == (2, 5)


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(NotRegisteredError, match="has no 'resnet_18'; did you mean"):
        TIMMBackbone("resnet_18")


def test_without_timm_the_error_says_what_to_install(probe_with_torch: Probe) -> None:
    code = """
import sys
sys.modules['timm'] = None
from mmalpha.models import TIMMBackbone
try:
    TIMMBackbone('resnet18')
except KeyError as error:
    print(error)
"""
    told = probe_with_torch(code).strip()
    assert told == "timm is not installed. Install it: pip install 'engine[timm]'"
