"""Backbones of object detectors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torchvision.models.detection import FasterRCNN

from mmalpha.models import OBJ_DETECTION_BACKBONES, FeaturePyramid


@pytest.mark.parametrize("provider", ["mmalpha", "timm", "torchvision"])
def test_a_detector_of_torchvision_takes_them(provider: str) -> None:
    make = OBJ_DETECTION_BACKBONES.get("resnet18", provider=provider)
    backbone, num_features = make(pretrained=False, out_channels=32)
    assert isinstance(backbone, FeaturePyramid)
    maps = backbone(torch.zeros(1, 3, 64, 64))
    assert [tuple(each.shape[1:]) for each in maps.values()] == [
        (num_features, side, side) for side in (16, 8, 4, 2, 1)
    ]
    detector: Any = FasterRCNN(backbone, num_classes=2, min_size=64, max_size=64).eval()
    assert detector([torch.zeros(3, 64, 64)])[0].keys() == {"boxes", "labels", "scores"}


def test_weights_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValueError, match="mmalpha has no weights for resnet18"):
        OBJ_DETECTION_BACKBONES.get("resnet18")(pretrained=True)


def test_a_model_without_maps_is_refused() -> None:
    with pytest.raises(ValueError, match="vit_b_16"):
        OBJ_DETECTION_BACKBONES.get("vit_b_16", provider="torchvision")()
