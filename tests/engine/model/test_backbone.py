"""Backbones of any package."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.model import build_backbone, channels_of, features_of
from engine.registry import MODELS


class Gives(nn.Module):
    """A backbone that gives what it was given, and tells facts of itself."""

    def __init__(self, out: Any = None, **facts: Any) -> None:
        super().__init__()
        self.out = out
        vars(self).update(facts)

    def forward(self, images: Tensor) -> Any:
        return images if self.out is None else self.out


def test_a_model_of_a_source_gives_features() -> None:
    images = torch.zeros(2, 3, 32, 32)
    maps = build_backbone(MODELS, {"type": "timm.resnet10t", "out_indices": (0, 2)}, "maps")
    shapes = [each.shape[1] for each in features_of(maps, images)]
    assert shapes == channels_of(maps) == [64, 128]
    vector = build_backbone(MODELS, {"type": "timm.resnet10t"}, "vectors")
    assert [tuple(each.shape) for each in features_of(vector, images)] == [(2, 512)]
    scores = build_backbone(MODELS, {"type": "timm.resnet10t", "num_classes": 5}, "vectors")
    assert [tuple(each.shape) for each in features_of(scores, images)] == [(2, 5)]


def test_a_class_is_built_as_it_is() -> None:
    built = build_backbone(MODELS, {"type": Gives, "channels": (1, 2)}, "maps")
    assert isinstance(built, Gives)
    assert channels_of(built) == [1, 2]


@pytest.mark.parametrize(
    ("facts", "channels"),
    [
        ({}, None),
        ({"out_channels": 4}, None),
        ({"out_channels": [4], "channels": [8]}, [4]),
        ({"out_channels": 4, "channels": [8]}, [8]),
        ({"feature_info": SimpleNamespace(channels=lambda: [16])}, [16]),
    ],
)
def test_the_channels_that_a_backbone_tells(facts: dict[str, Any], channels: Any) -> None:
    assert channels_of(Gives(**facts)) == channels


def test_what_a_backbone_gives_is_one_tensor_for_each_stage() -> None:
    image, last = torch.rand(1, 3, 4, 5), torch.rand(1, 4, 5, 3)
    (alone,) = features_of(Gives(), image)
    assert alone is image
    assert features_of(Gives(SimpleNamespace(feature_maps=[image])), image) == (image,)
    vector = torch.rand(1, 6)
    first, second = features_of(Gives([last, vector], output_fmt="NHWC"), image)
    assert torch.equal(first, last.permute(0, 3, 1, 2))
    assert second is vector
