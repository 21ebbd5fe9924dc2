"""Counts of well-known models, held against what others publish."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.analysis import ActivationAnalyzer, FlopAnalyzer, get_model_complexity_info
from engine.registry import MODELS

# The columns GFLOPS and num_params of https://pytorch.org/vision/stable/models.html, where a
# multiply-add is one operation as well.
TORCHVISION = {
    "resnet18": (1.81, 11_689_512),
    "resnet50": (4.09, 25_557_032),
    "vit_b_16": (17.56, 86_567_656),
}
IMAGE = (3, 224, 224)


def _products(model: nn.Module) -> int:
    """Return what the publishers count: no norms and no pooling."""
    counts = FlopAnalyzer(model, torch.randn(1, *IMAGE)).by_operator()
    return counts.total() - sum(
        counts[name] for name in ("batch_norm", "layer_norm", "adaptive_avg_pool2d")
    )


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(name: str) -> None:
    torchvision = pytest.importorskip("torchvision")
    model = torchvision.models.get_model(name)
    info = get_model_complexity_info(model, IMAGE)
    assert (round(_products(model) / 1e9, 2), info["params"]) == TORCHVISION[name]


@pytest.mark.parametrize(
    ("name", "gmacs", "millions_of_activations"),
    [("timm.resnet18", 1.8, 2.5), ("timm.resnet50", 4.1, 11.1)],
)
def test_the_cards_of_timm(name: str, gmacs: float, millions_of_activations: float) -> None:
    pytest.importorskip("timm")
    model = MODELS.build({"type": name})
    info = get_model_complexity_info(model, IMAGE)
    assert round(_products(model) / 1e9, 1) == gmacs
    assert round(info["activations"] / 1e6, 1) == millions_of_activations


def test_a_vision_transformer_by_hand() -> None:
    pytest.importorskip("timm")
    model: nn.Module = MODELS.build({"type": "timm.vit_base_patch16_224"})
    patches, tokens, width, depth, classes = 14 * 14, 14 * 14 + 1, 768, 12, 1000
    layers = tokens * width * (3 * width + width + 2 * 4 * width)
    attention = 2 * tokens * tokens * width
    stem_and_head = patches * width * 3 * 16 * 16 + width * classes
    inputs = torch.randn(1, *IMAGE)
    norms = (2 * depth + 1) * 5 * tokens * width
    assert (
        FlopAnalyzer(model, inputs).total() == depth * (layers + attention) + stem_and_head + norms
    )
    made = depth * tokens * width * (3 + 1 + 4 + 1) + patches * width + classes
    assert ActivationAnalyzer(model, inputs).total() == made
