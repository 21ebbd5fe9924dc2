"""Backbones by a name of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine.registry import BACKBONE_REGISTRY, MODELS, Provider
from mmalpha.models import IMAGE_CLASSIFIER_BACKBONES, ConvNeXt, PooledFeatures, ResNet
from mmalpha.registry import MMALPHA_BACKBONE_REGISTRY

Probe = Callable[[str], str]

DEPTHS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
CONVNEXTS = ["atto", "femto", "pico", "nano", "tiny", "small", "base", "large", "xlarge"]
NAMES = [
    *DEPTHS,
    *(f"{name}d" for name in DEPTHS),
    *(f"convnext_{arch}" for arch in CONVNEXTS),
]


def test_the_source_holds_the_names() -> None:
    assert BACKBONE_REGISTRY["mmalpha"] is MMALPHA_BACKBONE_REGISTRY
    assert [name for name in NAMES if name not in MMALPHA_BACKBONE_REGISTRY] == []
    assert [name for name in BACKBONE_REGISTRY if name.startswith("mmalpha_")] == [
        f"mmalpha_{name}" for name in NAMES
    ]


@pytest.mark.parametrize("name", ["resnet18", "mmalpha_resnet18"])
def test_a_name_builds_a_backbone_of_all_stages(name: str) -> None:
    backbone = BACKBONE_REGISTRY.build(name, in_channels=1, base_channels=4)
    assert isinstance(backbone, ResNet)
    assert backbone.out_channels == (4, 8, 16, 32)
    assert [each.shape[1] for each in backbone(torch.zeros(2, 1, 32, 32))] == [4, 8, 16, 32]


def test_the_variant_and_the_architecture_are_those_of_the_name() -> None:
    backbone = BACKBONE_REGISTRY.build("mmalpha_resnet18d", base_channels=4)
    assert isinstance(backbone, ResNet)
    assert "conv1.6.weight" in backbone.state_dict()
    convnext = BACKBONE_REGISTRY.build("mmalpha_convnext_atto", in_channels=1)
    assert isinstance(convnext, ConvNeXt)
    assert [each.shape[1] for each in convnext(torch.zeros(1, 1, 32, 32))] == [40, 80, 160, 320]


def test_the_depth_is_that_of_the_name() -> None:
    backbone = BACKBONE_REGISTRY.build("mmalpha_resnet50", base_channels=4, out_indices=(3,))
    assert isinstance(backbone, ResNet)
    assert backbone.out_channels == (128,)


def test_classifier_backbones_come_with_their_number_of_features() -> None:
    backbone, num_features = IMAGE_CLASSIFIER_BACKBONES.get("resnet18")(base_channels=4)
    assert isinstance(backbone, PooledFeatures)
    assert backbone(torch.zeros(2, 3, 32, 32)).shape == (2, num_features)
    assert num_features == 32


def test_those_of_timm_are_among_them() -> None:
    make = IMAGE_CLASSIFIER_BACKBONES.get("resnet18", provider="timm")
    backbone, num_features = make(pretrained=False, in_chans=1)
    assert backbone(torch.zeros(2, 1, 32, 32)).shape == (2, num_features)
    assert num_features == 512
    found = IMAGE_CLASSIFIER_BACKBONES.list("*resnet*", provider="timm", exclude="*_dw*")
    assert "seresnet50" in found
    assert IMAGE_CLASSIFIER_BACKBONES.list(provider="mmalpha") == sorted(NAMES)
    assert Provider("mmalpha") in IMAGE_CLASSIFIER_BACKBONES.providers("resnet18")


def test_weights_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValueError, match="mmalpha has no weights for resnet34: pass pretrained"):
        IMAGE_CLASSIFIER_BACKBONES.get("resnet34")(pretrained=True)


def test_without_other_packages_there_are_the_own_ones(probe_with_torch: Probe) -> None:
    code = (
        "import sys; sys.modules['timm'] = sys.modules['torchvision'] = None;"
        "from mmalpha.models import IMAGE_CLASSIFIER_BACKBONES as found;"
        "print(found.available_keys())"
    )
    assert probe_with_torch(code).strip() == str(sorted(NAMES))


def test_timm_is_imported_when_it_is_asked(probe_with_torch: Probe) -> None:
    code = (
        "import sys; from mmalpha.models import IMAGE_CLASSIFIER_BACKBONES;"
        "print({'timm', 'torchvision'} & {*sys.modules})"
    )
    assert probe_with_torch(code).strip() == "set()"


def test_those_of_torchvision_are_among_them() -> None:
    make = IMAGE_CLASSIFIER_BACKBONES.get("mobilenet_v3_small", provider="torchvision")
    backbone, num_features = make(pretrained=False)
    assert backbone.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, num_features)
    listed = IMAGE_CLASSIFIER_BACKBONES.list(provider="torchvision")
    assert "alexnet" in listed
    assert "maskrcnn_resnet50_fpn" not in listed


def test_the_weights_that_a_name_of_timm_may_have() -> None:
    assert "resnet50.a1_in1k" in IMAGE_CLASSIFIER_BACKBONES
    assert "timm_resnet50.a1_in1k" in BACKBONE_REGISTRY
    assert "timm.resnet50.a1_in1k" in MODELS
    assert "timm.resnet50.no_such_weights" not in MODELS
