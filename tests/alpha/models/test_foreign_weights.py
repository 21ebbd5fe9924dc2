"""Weights of timm and torchvision in our models, whose logits are then theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from engine.checkpoint import ReviseKeys
from engine.model import initialize
from engine.runner import load_checkpoint
from mmalpha.models import (
    TIMM_CONVNEXT,
    TIMM_RESNET,
    TIMM_VIT,
    TORCHVISION_CONVNEXT,
    TORCHVISION_RESNET,
    TORCHVISION_VIT,
    VisionTransformer,
)
from mmalpha.registry import MODELS

GAP = dict(type="GlobalAveragePooling")


def drawn(model: nn.Module, seed: int) -> nn.Module:
    """Give a model random weights, those of its normalizations and their statistics included."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2, generator=generator)
        elif value.ndim == 1 and value.is_floating_point():
            value.normal_(0.1, 0.3, generator=generator)
    return model.eval()


def ours(backbone: dict[str, Any], channels: int, has_map: bool, norm: bool = False) -> nn.Module:
    head = dict(type="LinearClsHead", num_classes=7, in_channels=channels, norm=norm)
    cfg = dict(type="ImageClassifier", backbone=backbone, neck=GAP if has_map else None, head=head)
    return MODELS.build(cfg).eval()


def logits(model: nn.Module, size: tuple[int, int]) -> Tensor:
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        out: Tensor = model(images)
    return out


def check(
    theirs: nn.Module, mine: nn.Module, keys: ReviseKeys, folder: Path, size: tuple[int, int]
) -> None:
    torch.save(drawn(theirs, 3).state_dict(), folder / "theirs.pth")
    load_checkpoint(mine, folder / "theirs.pth", strict=True, revise_keys=keys)
    expected = logits(theirs, size)
    assert expected.std() > 1e-2
    torch.testing.assert_close(logits(mine, size), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("depth", "channels"), [(18, 512), (50, 2048)])
@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_resnet(depth: int, channels: int, library: str, tmp_path: Path) -> None:
    name = f"resnet{depth}"
    is_timm = library == "timm"
    make = timm.create_model if is_timm else torchvision.models.get_model
    mine = ours(dict(type="ResNet", depth=depth), channels, True)
    keys = TIMM_RESNET if is_timm else TORCHVISION_RESNET
    check(make(name, num_classes=7), mine, keys, tmp_path, (64, 64))


@pytest.mark.parametrize(("depth", "channels"), [(18, 512), (50, 2048)])
def test_the_d_variant(depth: int, channels: int, tmp_path: Path) -> None:
    theirs = timm.create_model(f"resnet{depth}d", num_classes=7)
    backbone = dict(type="ResNet", depth=depth, stem="deep", avg_down=True)
    check(theirs, ours(backbone, channels, True), TIMM_RESNET, tmp_path, (64, 96))


@pytest.mark.parametrize("variant", ["", "d"])
@pytest.mark.parametrize("depth", [18, 50])
def test_dilated_resnets(depth: int, variant: str, tmp_path: Path) -> None:
    theirs = timm.create_model(f"resnet{depth}{variant}", num_classes=7, output_stride=8)
    backbone = dict(type="ResNet", depth=depth, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
    if variant:
        backbone |= dict(stem="deep", avg_down=True)
    mine = ours(backbone, 512 if depth == 18 else 2048, True)
    check(theirs, mine, TIMM_RESNET, tmp_path, (64, 64))


@pytest.mark.parametrize(("arch", "channels"), [("tiny", 192), ("small", 384), ("base", 768)])
def test_vit_of_timm(arch: str, channels: int, tmp_path: Path) -> None:
    theirs = timm.create_model(f"vit_{arch}_patch16_224", num_classes=7, img_size=64)
    backbone = dict(type="VisionTransformer", arch=arch, img_size=64)
    check(theirs, ours(backbone, channels, False), TIMM_VIT, tmp_path, (64, 64))


def test_vit_of_timm_on_images_of_another_size(tmp_path: Path) -> None:
    theirs = timm.create_model(
        "vit_tiny_patch16_224", num_classes=7, img_size=64, dynamic_img_size=True
    )
    backbone = dict(type="VisionTransformer", arch="tiny", img_size=64)
    check(theirs, ours(backbone, 192, False), TIMM_VIT, tmp_path, (96, 48))


def test_vit_of_torchvision(tmp_path: Path) -> None:
    theirs = torchvision.models.get_model("vit_b_16", num_classes=7, image_size=64)
    backbone = dict(type="VisionTransformer", arch="base", img_size=64)
    check(theirs, ours(backbone, 768, False), TORCHVISION_VIT, tmp_path, (64, 64))


@pytest.mark.parametrize(
    ("name", "variant", "channels"),
    [
        ("deit_tiny_patch16_224", "vit", 192),
        ("deit3_small_patch16_224", "deit3", 384),
        ("vit_small_patch14_dinov2", "dinov2", 384),
        ("vit_small_patch14_reg4_dinov2", "dinov2_reg4", 384),
        ("vit_base_patch32_clip_224", "clip", 768),
        ("vit_base_patch32_clip_quickgelu_224", "clip_quickgelu", 768),
    ],
)
def test_variants_of_vit(name: str, variant: str, channels: int, tmp_path: Path) -> None:
    theirs = timm.create_model(name, num_classes=7, img_size=112 if "dinov2" in name else 224)
    patch = theirs.patch_embed.patch_size[0]
    arch = {192: "tiny", 384: "small", 768: "base"}[channels]
    size: tuple[int, int] = theirs.patch_embed.img_size
    backbone = dict(
        type="VisionTransformer", arch=arch, img_size=size, patch_size=patch, variant=variant
    )
    check(theirs, ours(backbone, channels, False), TIMM_VIT, tmp_path, size)


@pytest.mark.parametrize(
    ("arch", "channels"),
    [("atto", 320), ("femto", 384), ("pico", 512), ("nano", 640), ("tiny", 768)],
)
def test_convnext_of_timm(arch: str, channels: int, tmp_path: Path) -> None:
    theirs = timm.create_model(f"convnext_{arch}", num_classes=7)
    mine = ours(dict(type="ConvNeXt", arch=arch), channels, True, norm=True)
    check(theirs, mine, TIMM_CONVNEXT, tmp_path, (64, 64))


def test_convnext_of_torchvision(tmp_path: Path) -> None:
    theirs = torchvision.models.get_model("convnext_tiny", num_classes=7)
    mine = ours(dict(type="ConvNeXt", arch="tiny"), 768, True, norm=True)
    check(theirs, mine, TORCHVISION_CONVNEXT, tmp_path, (64, 64))


def test_a_backbone_by_itself_and_of_another_size(tmp_path: Path) -> None:
    theirs = drawn(torchvision.models.VisionTransformer(64, 16, 2, 3, 96, 384), 0)
    torch.save(theirs.state_dict(), tmp_path / "vit.pth")
    arch = dict(embed_dims=96, num_layers=2, num_heads=3)
    backbone = VisionTransformer(arch, img_size=(96, 48))
    cfg = dict(
        type="Pretrained",
        checkpoint=str(tmp_path / "vit.pth"),
        prefix="backbone.",
        revise_keys=TORCHVISION_VIT,
    )
    initialize(backbone, cfg)
    whole = VisionTransformer(arch, img_size=64)
    initialize(whole, cfg)
    images = torch.randn(2, 3, 96, 48)
    # The one was resized when it was loaded, the other is when it runs.
    torch.testing.assert_close(backbone(images), whole(images))
