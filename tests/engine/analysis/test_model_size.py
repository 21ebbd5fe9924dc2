"""Size of a model that is known by its name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.analysis import FlopAnalyzer, ModelSize, measure_model
from engine.registry import MODELS


@pytest.mark.parametrize("name", ["timm.resnet10t", "timm.vit_tiny_patch16_224"])
def test_it_is_that_of_the_model(name: str) -> None:
    model = MODELS.build({"type": name})
    size = measure_model(name)
    assert size.parameters == sum(each.numel() for each in model.parameters())
    assert size.flops == FlopAnalyzer(model, torch.zeros(1, *size.input)).total()


class NeedsValues(nn.Module):
    """A model that computes with tensors while it is built."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, int(torch.linspace(0, 4, 3)[-1].item()), 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.conv(images)
        return scores


def test_a_model_that_needs_values_is_built_with_them() -> None:
    assert measure_model({"type": NeedsValues}, (3, 8, 8)) == ModelSize(16, 3 * 4 * 64, (3, 8, 8))


def test_the_input_is_that_for_which_a_model_was_made() -> None:
    assert measure_model("timm.resnet10t").input == (3, 176, 176)
    assert measure_model("torchvision.resnet18").input == (3, 224, 224)
    assert measure_model("timm.resnet10t", (3, 64, 64)).input == (3, 64, 64)


def test_an_input_that_does_not_fit_has_no_count() -> None:
    size = measure_model({"type": "timm.resnet10t", "in_chans": 1}, (2, 64, 64))
    assert (size.flops, size.input) == (None, (2, 64, 64))
    assert size.parameters > 0
